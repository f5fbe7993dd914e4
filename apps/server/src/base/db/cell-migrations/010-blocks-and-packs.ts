import { type Kysely, sql } from "kysely";

/** Why: locations of blocks, the spaces that hold them, and the keys of the packs. No row names an owner's file. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table cell.data_keys (
  epoch int8 primary key,
  wrapped bytea not null,
  created_at int8 not null
);

create table cell.packs (
  id uuid primary key,
  epoch int8 not null references cell.data_keys (epoch),
  size int8 not null,
  -- stored bytes of the records that still have a row
  live_bytes int8 not null,
  state text not null default 'live' check (state in ('live', 'doomed', 'unreadable')),
  created_at int8 not null,
  scrubbed_at int8
);
create index packs_scrub on cell.packs (scrubbed_at nulls first, id);

create table cell.blocks (
  hash bytea not null,
  pack_id uuid not null,
  record_index int8 not null,
  "offset" int8 not null,
  stored_size int8 not null,
  size int8 not null,
  codec text not null check (codec in ('raw', 'zstd')),
  state text not null default 'live' check (state in ('live', 'doomed', 'damaged')),
  unreferenced_since int8,
  primary key (hash, pack_id)
);
create index blocks_pack on cell.blocks (pack_id, record_index);
create index blocks_unreferenced on cell.blocks (unreferenced_since) where unreferenced_since is not null;
create index blocks_damaged on cell.blocks (hash) where state = 'damaged';

create table cell.holders (
  hash bytea not null,
  space_id uuid not null,
  stamp int8 not null,
  primary key (hash, space_id)
);
create index holders_space on cell.holders (space_id, hash);

-- what the last scrub found, and other single facts of the cell
create table cell.facts (
  name text primary key,
  value json not null
);
`,
    )
    .execute(db);
}
