import { type Kysely, sql } from "kysely";

/**
 * Why: a file that only its owner can read on one device is created the same way on others. The journal keeps the old
 * value, so that a rewind can restore it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.nodes add column private boolean not null default false`.execute(db);
  await sql`alter table shard.journal add column from_private boolean`.execute(db);
}
