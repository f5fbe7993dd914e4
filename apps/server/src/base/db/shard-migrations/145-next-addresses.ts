import { type Kysely, sql } from "kysely";

/** Why: until a new address is confirmed, the old one stays valid. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.users add column next_email text`.execute(db);
}
