import { type Kysely, sql } from "kysely";

/**
 * Why: people may reset a password because of a thief, whose browser must no longer count as known. It stays listed.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.devices add column known boolean not null default true`.execute(db);
}
