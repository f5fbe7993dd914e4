import { type Kysely, sql } from "kysely";

/**
 * Why: where most accounts have next to nothing the planner takes any space for so small that it looked a node up by its space alone: the
 * id stood last in the index of children, so that it could be searched there as well, at the price of all that the space has. With
 * the folder first no look-up of a single node comes upon it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
drop index shard.nodes_parent;
-- all children, trashed ones included: copies, purges
create index nodes_parent on shard.nodes (parent_id, space_id, id);
`,
    )
    .execute(db);
}
