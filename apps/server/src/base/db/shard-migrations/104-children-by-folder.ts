import { type Kysely, sql } from "kysely";

/**
 * Why: if most accounts are nearly empty, the planner expects every space to be small. It looked up single nodes in the
 * index of children, and read all entries of the space. With the folder first, it does not use this index for a single
 * node.
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
