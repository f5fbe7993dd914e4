import { type Kysely, sql } from "kysely";

/**
 * Why: follow-up work of a transaction (a mail, a pointer on another shard) was lost if the process died after the
 * commit. It is now a row of that transaction until it is done.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.messages (
  id uuid primary key,
  -- the order of those that are due at one time
  number int8 generated always as identity,
  kind text not null,
  key text,
  payload jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'dead')),
  -- how often it was begun
  attempts int4 not null default 0,
  -- by the clock of the servers; 0 is at once
  due_at int8 not null,
  -- when it was first begun, from which its age counts
  tried_at int8,
  -- who works it, and until when that is believed without a sign of life
  worker text,
  leased_until int8,
  -- why the last attempt failed
  problem text,
  -- by the clock of the database, for people and figures only
  created_at int8 not null default (extract(epoch from clock_timestamp()) * 1000000)::int8,
  -- since when it ought to be done: created, or not before; by the clock of the database, for figures only
  wanted_at int8 not null default 0,
  died_at int8,
  check ((state = 'running') = (leased_until is not null))
);
create index messages_due on shard.messages (kind, due_at, number) where state = 'waiting';
create index messages_leases on shard.messages (leased_until) where state = 'running';
create index messages_dead on shard.messages (id) where state = 'dead';
create index messages_dead_age on shard.messages (died_at) where state = 'dead';
create index messages_ages on shard.messages (kind, state, wanted_at);
-- of one key the newest that is not begun stands, and one at most is worked
create unique index messages_next_of_key on shard.messages (kind, key) where key is not null and state <> 'running';
create unique index messages_running_of_key on shard.messages (kind, key) where key is not null and state = 'running';

-- what a person started and asks for; while it is not finished, its message of the same id tells how it stands
create table shard.tasks (
  id uuid primary key,
  user_id uuid not null,
  kind text not null,
  state text check (state in ('done', 'failed')),
  result jsonb,
  created_at int8 not null default (extract(epoch from clock_timestamp()) * 1000000)::int8,
  finished_at int8
);
create index tasks_age on shard.tasks (created_at);
`,
    )
    .execute(db);
}
