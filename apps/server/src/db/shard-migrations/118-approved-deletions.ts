import { type Kysely, sql } from "kysely";

/** Why: after a person approved deletions on one device, other devices must not ask again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.journal add column approved boolean not null default false`.execute(db);
}
