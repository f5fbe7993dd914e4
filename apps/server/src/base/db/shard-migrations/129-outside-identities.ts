import { type Kysely, sql } from "kysely";

/** Why: people sign in through an issuer, identified by its subject, never by an address. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the account
create table shard.outside_identities (
  user_id uuid not null,
  id uuid not null,
  -- SHA-256 over issuer and subject
  identity_key bytea not null,
  issuer text not null,
  subject text not null,
  -- as the issuer said last; only shown
  email text,
  created_at int8 not null,
  last_used_at int8,
  primary key (user_id, id)
);
create unique index on shard.outside_identities (user_id, identity_key);

-- on the shard of the key's bucket: whose it is, if that account has the row above
create table shard.outside_directory (
  identity_key bytea primary key,
  user_id uuid not null,
  reserved_at int8 not null
);
create index on shard.outside_directory (user_id);

-- answers of the issuer that were used: each once. Until when they would be good else
create table shard.outside_answers (
  user_id uuid not null,
  answer bytea not null,
  until int8 not null,
  primary key (user_id, answer)
);
create index on shard.outside_answers (until);

-- what the issuer's claims have given, and may take again
create table shard.outside_memberships (
  user_id uuid not null,
  group_id uuid not null,
  primary key (user_id, group_id)
);
`,
    )
    .execute(db);
}
