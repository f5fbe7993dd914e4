import { type Kysely, sql } from "kysely";

/** Why: continuing a download does not count again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.link_downloads (
  space_id uuid not null,
  link_id uuid not null,
  version_id uuid not null,
  -- SHA-256 of where it goes to: the table lists nobody
  source bytea not null,
  begun_at int8 not null,
  -- asked for since then, by ranges
  bytes int8 not null,
  primary key (space_id, link_id, version_id, source)
);
create index link_downloads_begun on shard.link_downloads (begun_at);
`,
    )
    .execute(db);
}
