import { type Kysely, sql } from "kysely";

/** Why: visitors can report a link to the administrators. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- with the link, on the shard of what it opens; of who reported it nothing is kept
create table shard.reports (
  space_id uuid not null,
  -- with the bucket of the space, so that a report is found by its id alone
  id uuid not null,
  -- both may be gone meanwhile
  link_id uuid not null,
  node_id uuid not null,
  reason text not null check (reason in ('abuse', 'malware', 'copyright', 'other')),
  text text,
  at int8 not null,
  action text check (action in ('none', 'disable_link', 'suspend_account')),
  resolved_at int8 check ((resolved_at is null) = (action is null)),
  -- the administrator; null where it was done beside the data
  resolved_by uuid,
  primary key (space_id, id)
);
create unique index reports_id on shard.reports (id);
create index reports_open on shard.reports (id) where resolved_at is null;
create index reports_open_link on shard.reports (space_id, link_id) where resolved_at is null;
create index reports_age on shard.reports (resolved_at) where resolved_at is not null;
`,
    )
    .execute(db);
}
