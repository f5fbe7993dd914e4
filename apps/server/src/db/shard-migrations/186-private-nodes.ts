import { type Kysely, sql } from "kysely";

/**
 * Why: a file that only its owner may read on one device is created so on the others. The journal keeps the value before a change, so
 * that a rewind can restore it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.nodes add column private boolean not null default false`.execute(db);
  await sql`alter table shard.journal add column from_private boolean`.execute(db);
}
