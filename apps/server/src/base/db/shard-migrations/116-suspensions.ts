import { type Kysely, sql } from "kysely";

/** Why: suspends a device that rewrites or deletes very many files. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the space: what a device has rewritten and deleted in it lately; one row, however much that was
create table shard.device_brakes (
  space_id uuid not null,
  device_id uuid not null,
  -- JSON: at most 13 times of five minutes, with counts
  counts text not null,
  -- so many nodes the space has had at least since the first of them
  known int8 not null,
  -- a person has let the device go on: until then nothing is counted
  free_until int8 not null,
  -- since when it may rewrite and delete nothing more here
  suspended_at int8,
  touched_at int8 not null,
  primary key (device_id, space_id)
);
create index device_brakes_space on shard.device_brakes (space_id);

-- on the shard of the account: devices that may change nothing any more, wherever it is
create table shard.suspensions (
  user_id uuid not null,
  device_id uuid not null,
  -- the space in which it came to that
  space_id uuid not null,
  since int8 not null,
  -- rewritten or deleted, whichever were too many
  reason text not null,
  rewritten int8 not null,
  deleted int8 not null,
  -- just before the first of them
  moment int8 not null,
  primary key (user_id, device_id)
);
`,
    )
    .execute(db);
}
