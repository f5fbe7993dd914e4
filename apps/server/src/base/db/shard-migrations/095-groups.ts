import { type Kysely, sql } from "kysely";

/**
 * Why: sharing with a group means its current members. Each member's shard has a copy of the memberships, where
 * requests find the caller's groups.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.groups (
  id uuid primary key,
  name text not null,
  -- grows with each change of its members; what is told of one elsewhere carries it, so that the newest stands
  changes int8 not null default 0,
  member_count int4 not null default 0,
  created_at int8 not null
);

-- on the group's shard. Those of a group that was deleted stay until all of them were told
create table shard.group_members (
  group_id uuid not null,
  user_id uuid not null,
  role text not null check (role in ('member', 'manager')),
  primary key (group_id, user_id)
);

-- on the member's shard
create table shard.memberships (
  user_id uuid not null,
  group_id uuid not null,
  -- null: a member no more. The row stays for a while, so that what arrives late is known to be old
  role text check (role in ('member', 'manager')),
  -- the group's \`changes\` when this was read there
  change int8 not null,
  changed_at int8 not null,
  primary key (user_id, group_id)
);
-- the members of a group who live on this shard: people search
create index memberships_group on shard.memberships (group_id, user_id) where role is not null;
create index memberships_ended on shard.memberships (changed_at) where role is null;

-- since when it is known that the address is this person's: what is shared with an address becomes theirs then. (The directory's
-- \`confirmed\` says that a sign-up was finished.) Until now accounts were made by invitation or by an administrator
alter table shard.users add column email_confirmed_at int8;
update shard.users set email_confirmed_at = created_at;

-- names as people look for them: without marks, in small letters, words one space apart
create function shard.folded_name(name text) returns text immutable parallel safe strict language sql return
  trim(regexp_replace(lower(regexp_replace(normalize(name, nfkd), '[\\u0300-\\u036f]', '', 'g')), '\\s+', ' ', 'g'));
create function shard.folded_last_name(name text) returns text immutable parallel safe strict language sql return
  regexp_replace(shard.folded_name(name), '^.* ', '');
create index users_name on shard.users (shard.folded_name(name) collate "C") where disabled_at is null;
create index users_last_name on shard.users (shard.folded_last_name(name) collate "C") where disabled_at is null;
`,
    )
    .execute(db);
}
