import { type Kysely, sql } from "kysely";

/**
 * Why: unreferenced blocks are deleted after a while. The index for new unreferenced blocks now also covers those that
 * no longer count.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
drop index shard.space_blocks_staged;
-- without a reference by the counter: what still counts as stored, and what waits to be given back
create index space_blocks_unreferenced on shard.space_blocks (counted, since) where refs = 0;
`,
    )
    .execute(db);
}
