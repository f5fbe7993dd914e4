import { type Kysely, sql } from "kysely";

/** Why: people must be able to distinguish their devices, and a lost one is to remove the server's files. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- what it is, what it runs as it says itself, from where it was seen last, and what was shown when it signed in; null: before this was noted
alter table shard.devices add column kind text, add column system text, add column address text, add column signed_in_by text;

-- since when the account has ever been signed in: who signs in for the first time is not told of it
create table shard.first_sign_ins (user_id uuid primary key, at int8 not null);
insert into shard.first_sign_ins (user_id, at) select user_id, min(created_at) from shard.devices group by user_id;

-- on the shard of the account: devices that were revoked and are to remove their copies
create table shard.clearings (
  user_id uuid not null,
  device_id uuid not null,
  name text not null,
  asked_at int8 not null,
  done_at int8,
  removed int8 not null default 0,
  kept int8 not null default 0,
  primary key (user_id, device_id)
);
create unique index on shard.clearings (device_id);
`,
    )
    .execute(db);
}
