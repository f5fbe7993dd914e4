import { type Kysely, sql } from "kysely";

/** Why: people see whether a link is still used. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.grants add column last_used_at int8`.execute(db);
}
