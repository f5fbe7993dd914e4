import { type Kysely, sql } from "kysely";

/** Why: ownership could not change. The new owner has to accept. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the owner; gone once it is done, or was withdrawn or declined
create table shard.transfers (
  space_id uuid not null,
  id uuid not null,
  node_id uuid not null,
  from_id uuid not null,
  to_id uuid not null,
  created_at int8 not null,
  -- from here on a job works it, and it is not withdrawn any more
  accepted_at int8,
  primary key (space_id, id)
);
create unique index transfers_id on shard.transfers (id);
create unique index transfers_node on shard.transfers (space_id, node_id);
-- what waits for somebody to accept it
create index transfers_to on shard.transfers (to_id, id);

-- on the shard of whoever has accepted: what the job has done
create table shard.arrivals (
  space_id uuid not null,
  -- of the transfer
  id uuid not null,
  job uuid not null,
  user_id uuid not null,
  from_id uuid not null,
  from_space uuid not null,
  from_node uuid not null,
  -- the node in this space, and JSON: what came with it; both null until it stands in the tree
  top_id uuid,
  result text,
  created_at int8 not null,
  primary key (space_id, id)
);
`,
    )
    .execute(db);
}
