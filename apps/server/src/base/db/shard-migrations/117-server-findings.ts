import { type Kysely, sql } from "kysely";

/** Why: the server reports each of its problems to administrators once. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of bucket 0: what the doctor of the running server has found of each thing, and what administrators were told of it
create table shard.server_findings (
  -- the look that found it, the check under whose name it is told, and what was looked at
  source text not null,
  check_name text not null,
  subject text not null,
  -- JSON: what is remembered from look to look
  heeded jsonb not null,
  -- in the doctor's words when it was told last to be bad
  said text not null,
  looked_at int8 not null,
  primary key (source, check_name, subject)
);

alter table shard.notifications drop constraint notifications_kind_check;
alter table shard.notifications add constraint notifications_kind_check
  check (kind in ('share', 'comment', 'mention', 'watch', 'quota', 'device', 'report', 'server'));
`,
    )
    .execute(db);
}
