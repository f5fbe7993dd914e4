import { type Kysely, sql } from "kysely";

/**
 * Why: what is shared with a group is shared with whoever is in it now. The group with its members lies in its own bucket; each
 * member's shard has a copy of the memberships of its users, so that every request finds the caller's groups where it finds the caller.
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
`,
    )
    .execute(db);
}
