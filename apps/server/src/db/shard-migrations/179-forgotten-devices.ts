import { type Kysely, sql } from "kysely";

/** Why: who resets a password may do so because of a thief, whose browser is not to be known any more; it stays listed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.devices add column known boolean not null default true`.execute(db);
}
