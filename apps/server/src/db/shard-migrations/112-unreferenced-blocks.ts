import { type Kysely, sql } from "kysely";

/**
 * Why: what nothing refers to is given back after a while. The index that found what came and was not named since finds now also what
 * counts no more.
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
