import { type Kysely, sql } from "kysely";

/** Why: comments, activity and watches are on the shard of the node's owner, notifications on the account's. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.comments (
  space_id uuid not null,
  node_id uuid not null,
  -- with the bucket of the space, so that a comment is found by its id alone
  id uuid not null,
  text text not null,
  mentions uuid[] not null,
  -- whose account may lie on another shard
  author uuid not null,
  at int8 not null,
  edited_at int8,
  resolved_at int8,
  -- in the order of the list
  primary key (space_id, node_id, at, id)
);
create unique index comments_id on shard.comments (id);

-- what the journal cannot say, since no node changed
create table shard.events (
  space_id uuid not null,
  id uuid not null,
  node_id uuid not null,
  verb text not null check (verb in ('shared', 'unshared', 'linked', 'commented', 'rewound')),
  actor uuid not null,
  device_id uuid,
  at int8 not null,
  detail jsonb not null,
  primary key (space_id, at, id)
);
create index events_age on shard.events using brin (at);

create table shard.watches (
  space_id uuid not null,
  user_id uuid not null,
  node_id uuid not null,
  primary key (space_id, node_id, user_id)
);
create index watches_user on shard.watches (space_id, user_id);
-- the entry of the journal up to which watchers were told; null while nobody watches anything of the space, so that a commit
-- which nobody waits for costs nothing
alter table shard.spaces add column watched_seq int8;

-- of each account that was ever told anything: the newest, and up to which it has read
create table shard.notification_heads (
  user_id uuid primary key,
  number int8 not null default 0,
  read_to int8 not null default 0
);

create table shard.notifications (
  user_id uuid not null,
  -- grows by one with each of the account
  number int8 not null,
  id uuid not null,
  kind text not null check (kind in ('share', 'comment', 'mention', 'watch', 'quota', 'device', 'report')),
  actor uuid,
  node_id uuid,
  detail jsonb not null,
  at int8 not null,
  -- of those that are not read there is one with each key
  gather_key text,
  -- the message that has brought it, in case that comes again
  message_id uuid not null,
  primary key (user_id, number)
);
`,
    )
    .execute(db);
}
