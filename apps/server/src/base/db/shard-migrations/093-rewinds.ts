import { type Kysely, sql } from "kysely";

/**
 * Why: without overwritten values in the journal, earlier states of a folder could not be reconstructed. Null columns
 * take no space.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- the name before, where it changed or the node was removed for good; empty: the node was not there before
alter table shard.journal add column from_name text collate "C";
-- of what was restored, or removed out of the trash: since when it lay there
alter table shard.journal add column from_trashed_at int8;
-- what these were before, where they changed
alter table shard.journal add column from_modified_at int8;
alter table shard.journal add column from_executable boolean;
-- the rewind that made this change
alter table shard.journal add column rewind_id uuid;

-- of a space that is older than these columns: the last entry that does not tell
create table shard.untold_journals (
  space_id uuid primary key,
  seq int8 not null
);
insert into shard.untold_journals (space_id, seq) select id, seq from shard.spaces where seq > 0;

create table shard.rewinds (
  space_id uuid not null,
  id uuid not null,
  -- the folder or file, who wants it, and the moment
  node_id uuid not null,
  user_id uuid not null,
  moment int8 not null,
  -- the rewind that this one takes back
  undoes uuid,
  -- where the journal stood when it was planned
  seq int8 not null,
  -- of one that is so large that it is worked by the queue: its task
  job uuid,
  -- JSON: what it answers, counted when it was planned, and what the one that takes it back would
  answer text not null,
  undo_answer text not null,
  done_at int8,
  -- of the Idempotency-Key that it was started with
  operation_id bytea,
  request_hash bytea,
  created_at int8 not null,
  primary key (space_id, id)
);
create unique index rewinds_undoes on shard.rewinds (space_id, undoes) where undoes is not null;
create unique index rewinds_operation on shard.rewinds (space_id, user_id, operation_id) where operation_id is not null;
create unique index rewinds_id on shard.rewinds (id);
-- of all spaces by age, for the job that removes them
create index rewinds_age on shard.rewinds (created_at);

create table shard.rewind_steps (
  space_id uuid not null,
  rewind_id uuid not null,
  number int4 not null,
  -- JSON: a node's state before and after
  step text not null,
  -- JSON: the revision after it, or why the node was left alone; null: not done yet
  outcome text,
  primary key (space_id, rewind_id, number)
);
`,
    )
    .execute(db);
}
