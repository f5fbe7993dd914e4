import { type Kysely, sql } from "kysely";

/** Why: a stolen password alone must not be enough to sign in. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the account; no row, or no secret in it: the password is enough
create table shard.second_factors (
  user_id uuid primary key,
  -- of the authenticator app, wrapped under the keys of the server; null until the first one is confirmed
  secret bytea,
  since int8,
  -- one that was made and not confirmed yet
  next_secret bytea,
  next_at int8,
  -- by which session, that alone confirms it, and how many codes of it were wrong
  next_session_id uuid,
  next_failures int4 not null default 0,
  -- the time step of the last code that was taken: no code counts twice
  last_step int8 not null default 0,
  -- wrong codes since the last right one
  failures int4 not null default 0,
  failed_at int8 not null default 0,
  -- the same of sessions and of devices that have signed in before, which others that guess do not hold up
  known_failures int4 not null default 0,
  known_failed_at int8 not null default 0
);

-- each lets in once, and is gone then
create table shard.recovery_codes (
  user_id uuid not null,
  code_hash bytea not null,
  primary key (user_id, code_hash)
);
`,
    )
    .execute(db);
}
