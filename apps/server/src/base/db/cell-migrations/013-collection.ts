import { type Kysely, sql } from "kysely";

/** Why: unneeded data is deleted in steps with waiting periods. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
alter table cell.packs
  -- stored bytes of all records; live_bytes are those that still have a row
  add packed_bytes int8 not null default 0,
  -- when its last row went: state 'doomed'
  add emptied_at int8;
update cell.packs set packed_bytes = live_bytes;
create index packs_emptied on cell.packs (emptied_at) where state = 'doomed';
create index packs_shrunk on cell.packs (id) where live_bytes < packed_bytes and state = 'live';

-- when it was doomed: state 'doomed'
alter table cell.blocks add doomed_at int8;
drop index cell.blocks_unreferenced;
create index blocks_waiting on cell.blocks (unreferenced_since, hash, pack_id)
  where unreferenced_since is not null and state <> 'doomed';
create index blocks_doomed on cell.blocks (doomed_at, hash, pack_id) where state = 'doomed';

-- while one stands, no object of a pack is deleted; it ends by itself, should whoever made it have died
create table cell.pins (
  name text primary key,
  until int8 not null
);
`,
    )
    .execute(db);
}
