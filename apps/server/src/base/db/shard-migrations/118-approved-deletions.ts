import { type Kysely, sql } from "kysely";

/** Why: other devices must not ask about approved deletions again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.journal add column approved boolean not null default false`.execute(db);
}
