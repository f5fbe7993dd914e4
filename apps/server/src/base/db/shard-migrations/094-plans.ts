import { type Kysely, sql } from "kysely";

/** Why: plans set quotas. An account's own quota takes precedence. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.plans (
  name text collate "C" primary key,
  -- null: no limit
  quota_bytes int8,
  -- that new accounts get
  is_default boolean not null default false,
  -- false once the configuration names it no more: it stands for those that have it
  offered boolean not null default true,
  -- false while accounts may still have the quota that it gave before
  spread boolean not null default true
);
insert into shard.plans (name, quota_bytes, is_default)
values ('free', 15000000000, false), ('plus', 2000000000000, false), ('business', null, true);

alter table shard.users add column plan text collate "C" not null default 'business';
alter table shard.users alter column plan drop default;
create index users_plan on shard.users (plan, id);

-- set for this account alone: its plans do not move it
alter table shard.spaces add column quota_fixed boolean not null default false;
update shard.spaces set quota_fixed = true where quota_bytes is not null;
-- percent of the quota that its owner was told of and is still near; 0: none
alter table shard.spaces add column quota_warned int2 not null default 0;

-- null: the one that new accounts get
alter table shard.invitations add column plan text collate "C";
alter table shard.invitations add column quota_fixed boolean not null default false;
update shard.invitations set quota_fixed = true where quota_bytes is not null;
`,
    )
    .execute(db);
}
