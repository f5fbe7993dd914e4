import { type Kysely, sql } from "kysely";

/** Why: an address has no room for the ids of a large zip, so it names a list that is stored until it expires. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the space: the account's own, or that of the link
create table shard.zip_lists (
  id uuid primary key,
  space_id uuid not null,
  -- the account, or the link of a visitor
  caller_id uuid not null,
  node_ids uuid[] not null,
  expires_at int8 not null
);
create index on shard.zip_lists (expires_at);
create index on shard.zip_lists (space_id, caller_id, expires_at);
`,
    )
    .execute(db);
}
