import { type Kysely, sql } from "kysely";

/** Why: people grant programs access by OpenID Connect without giving them a password. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of bucket 0: the programs that an administrator has registered
create table shard.oauth_clients (
  id text primary key,
  name text not null,
  redirect_uris text[] not null,
  scopes text[] not null,
  -- null: a public one, which can keep no secret
  secret_hash bytea,
  created_at int8 not null
);

-- of a token that stands for what an account let a program do: whose, and all that was granted, in the words of OpenID Connect
alter table shard.tokens add column client_id text;
alter table shard.tokens add column client_scope text;
create index tokens_client on shard.tokens (client_id) where client_id is not null;

-- what programs carry, and what waits for an answer. On the shard of the account; what is nobody's yet on that of bucket 0
create table shard.oauth_artifacts (
  id_hash bytea primary key,
  kind text not null,
  user_id uuid,
  -- the row in tokens with which it ends
  token_id uuid,
  -- of a sign-in by a device: what a person types
  user_code_hash bytea,
  payload jsonb not null,
  consumed_at int8,
  expires_at int8 not null
);
create index on shard.oauth_artifacts (expires_at);
create index on shard.oauth_artifacts (token_id);
create index on shard.oauth_artifacts (user_id);
create unique index on shard.oauth_artifacts (user_code_hash);
`,
    )
    .execute(db);
}
