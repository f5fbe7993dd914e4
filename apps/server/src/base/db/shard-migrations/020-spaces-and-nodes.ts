import { type Kysely, sql } from "kysely";

/**
 * Why: the tree of each owner with its history, journal and stored blocks. Keys begin with space_id, because clients
 * choose node ids and two spaces may have the same one.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.spaces (
  id uuid primary key,
  owner_id uuid not null,
  root_id uuid not null,
  epoch text not null,
  seq int8 not null default 0,
  used_bytes int8 not null default 0,
  stored_bytes int8 not null default 0,
  quota_bytes int8,
  created_at int8 not null
);
create index spaces_owner on shard.spaces (owner_id);

create table shard.nodes (
  space_id uuid not null,
  id uuid not null,
  -- null for the root, and for the top of a copy that is still written in pieces outside the tree
  parent_id uuid,
  name text collate "C" not null,
  name_key text collate "C" not null,
  kind text not null check (kind in ('file', 'folder', 'symlink', 'mount')),
  target text,
  head_version uuid,
  version_number int8,
  content_id bytea,
  size int8 not null default 0,
  modified_at int8 not null,
  executable boolean not null default false,
  revision text not null,
  seq int8 not null,
  trashed_at int8,
  -- set once the node and all below it await the removal of their rows; they answer as gone. The top of a copy that is
  -- still written has a time in the future here, and is removed like a purged node if it is not attached until then
  purged_at int8,
  metadata jsonb,
  device_id uuid,
  operation_id bytea,
  created_at int8 not null,
  updated_at int8 not null,
  primary key (space_id, id)
);
-- one live name in a folder; serves look-ups by path and listings by name
create unique index nodes_live_name on shard.nodes (space_id, parent_id, name_key) where trashed_at is null;
-- all children, trashed ones included: copies, purges
create index nodes_parent on shard.nodes (space_id, parent_id, id);
create index nodes_modified on shard.nodes (space_id, parent_id, modified_at, id) where trashed_at is null;
create index nodes_created on shard.nodes (space_id, parent_id, created_at, id) where trashed_at is null;
create index nodes_size on shard.nodes (space_id, parent_id, size, id) where trashed_at is null;
create index nodes_trash on shard.nodes (space_id, trashed_at desc, id) where trashed_at is not null and purged_at is null;
-- trash of all spaces by age, for the job that empties it
create index nodes_trash_age on shard.nodes (trashed_at) where trashed_at is not null and purged_at is null;
create index nodes_purged on shard.nodes (purged_at) where purged_at is not null;

create table shard.versions (
  space_id uuid not null,
  id uuid not null,
  node_id uuid not null,
  number int8 not null,
  content_id bytea not null,
  size int8 not null,
  -- entries of 36 bytes (hash, big-endian size) up to 512 of them; else null and the segments say
  manifest bytea,
  -- per segment 44 bytes: hash, big-endian count of entries (4) and bytes (8)
  segments bytea,
  created_by uuid not null,
  device_id uuid,
  operation_id bytea,
  created_at int8 not null,
  primary key (space_id, id)
);
create unique index versions_node on shard.versions (space_id, node_id, number);
-- hashes do not compress, so no time is spent on trying
-- files with history, for the job that prunes it
create index nodes_history on shard.nodes (space_id, id) where version_number > 1;
alter table shard.versions alter column manifest set storage external;
alter table shard.versions alter column segments set storage external;

create table shard.segments (
  space_id uuid not null,
  hash bytea not null,
  entries bytea not null,
  -- how many versions name it; 0: staged for a commit, or left by the last version, until nobody asked for it for a day
  refs int8 not null,
  since int8 not null,
  primary key (space_id, hash)
);
create index segments_unreferenced on shard.segments (since) where refs = 0;
alter table shard.segments alter column entries set storage external;

create table shard.space_blocks (
  space_id uuid not null,
  hash bytea not null,
  size int8 not null,
  -- how many versions, segments and upload sessions name it; 0: staged, or a candidate for collection
  refs int8 not null default 0,
  -- the stamp of the holder in the cell that this row answers for
  stamp int8 not null,
  -- since when nothing has asked for it to stay
  since int8 not null,
  uploader uuid not null,
  primary key (space_id, hash)
);
create index space_blocks_unreferenced on shard.space_blocks (since) where refs = 0;

create table shard.journal (
  space_id uuid not null,
  seq int8 not null,
  -- 8 random bytes, the same for all entries of one commit
  tag bytea not null,
  node_id uuid not null,
  kind text not null check (kind in ('changed', 'appeared', 'gone')),
  from_parent uuid,
  actor uuid not null,
  device_id uuid,
  at int8 not null,
  primary key (space_id, seq)
);

-- entries are appended in the order of time, so a summary of each range of pages is enough to find the old ones
create index journal_age on shard.journal using brin (at);

create table shard.operations (
  space_id uuid not null,
  user_id uuid not null,
  op_id bytea not null,
  request_hash bytea not null,
  result json not null,
  at int8 not null,
  primary key (space_id, user_id, op_id)
);
create index operations_age on shard.operations (at);

create table shard.upload_sessions (
  space_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  device_id uuid,
  -- where and how to commit: the validated request body and the conditions that came with it
  request json not null,
  -- of the PUT that may append; a new one takes over by raising it
  generation int8 not null default 0,
  -- the last offset at which a block ended, and the durable offset: what follows the blocks is in upload_tail
  blocks_end int8 not null default 0,
  durable int8 not null default 0,
  total int8,
  -- of all bytes, once it was computed to be compared with the one that the client declared
  sha256 bytea,
  node_id uuid,
  -- of the Idempotency-Key that it was started with
  operation_id bytea,
  request_hash bytea,
  -- 0 once it is being removed: nobody finds it any more, and its rows go piece by piece
  expires_at int8 not null,
  created_at int8 not null,
  primary key (space_id, id)
);
create index upload_sessions_expiry on shard.upload_sessions (expires_at);
create unique index upload_sessions_operation on shard.upload_sessions (space_id, user_id, operation_id)
  where operation_id is not null;

-- each row is one reference on its block
create table shard.upload_blocks (
  space_id uuid not null,
  session_id uuid not null,
  "offset" int8 not null,
  hash bytea not null,
  size int8 not null,
  primary key (space_id, session_id, "offset")
);

create table shard.upload_tail (
  space_id uuid not null,
  session_id uuid not null,
  "offset" int8 not null,
  size int8 not null,
  epoch int8 not null,
  salt bytea not null,
  generation int8 not null,
  sealed bytea not null,
  primary key (space_id, session_id, "offset")
);
alter table shard.upload_tail alter column sealed set storage external;
`,
    )
    .execute(db);
}
