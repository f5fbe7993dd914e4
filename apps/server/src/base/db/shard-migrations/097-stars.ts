import { type Kysely, sql } from "kysely";

/** Why: people star nodes. Stars belong to the account, so they are on its shard. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.stars (
  user_id uuid not null,
  -- of the node, which may lie on another shard; a client brings the ids of new nodes, so two spaces may have the same one
  space_id uuid not null,
  node_id uuid not null,
  at int8 not null,
  primary key (user_id, space_id, node_id)
);
-- a list of them, the newest first
create index stars_newest on shard.stars (user_id, at desc, node_id);
`,
    )
    .execute(db);
}
