import { type Kysely, sql } from "kysely";

/**
 * Why: accounts and their credentials. No row contains a usable secret: passwords are argon2id hashes, tokens SHA-256
 * digests, refresh tokens are derived and not stored, and the server's own keys are wrapped.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.users (
  id uuid primary key,
  email text not null,
  name text not null,
  password_hash text not null,
  admin boolean not null default false,
  disabled_at int8,
  space_id uuid not null,
  root_id uuid not null,
  created_at int8 not null
);
create index users_admin on shard.users (id) where admin;

-- in the bucket of the address's own SHA-256; reserved first, confirmed once the user's row stands
create table shard.directory (
  email_key text collate "C" primary key,
  user_id uuid not null,
  confirmed boolean not null,
  reserved_at int8 not null
);
create index directory_unconfirmed on shard.directory (reserved_at) where not confirmed;

create table shard.devices (
  user_id uuid not null,
  id uuid not null,
  name text not null,
  created_at int8 not null,
  last_seen_at int8,
  primary key (user_id, id)
);

-- a family of refresh tokens: the current number, and whether anything issued with it has been used
create table shard.sessions (
  id uuid primary key,
  user_id uuid not null,
  device_id uuid not null,
  number int8 not null,
  number_used boolean not null,
  created_at int8 not null,
  expires_at int8 not null
);
create index sessions_device on shard.sessions (user_id, device_id);
create index sessions_expiry on shard.sessions (expires_at);

create table shard.tokens (
  id uuid primary key,
  user_id uuid not null,
  name text not null,
  scopes text[] not null,
  secret_hash bytea not null,
  created_at int8 not null,
  expires_at int8,
  last_used_at int8
);
create index tokens_user on shard.tokens (user_id, id);

-- the row goes when its invitation is used; claimed while a sign-up with it is under way
create table shard.invitations (
  secret_hash bytea primary key,
  kind text not null check (kind in ('setup', 'invite')),
  email text,
  quota_bytes int8,
  created_at int8 not null,
  expires_at int8 not null,
  claimed_by uuid,
  claimed_at int8
);

-- single facts of the whole server, on the shard of bucket 0: its id, its wrapped signing keys
create table shard.server_facts (
  name text primary key,
  value bytea not null
);
`,
    )
    .execute(db);
}
