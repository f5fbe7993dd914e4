import { type Kysely, sql } from "kysely";

/** Why: a passkey does not respond to other sites. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the account, which has a row in second_factors as well
create table shard.passkeys (
  user_id uuid not null,
  id uuid not null,
  credential_id bytea not null,
  -- as COSE has it
  public_key bytea not null,
  counter int8 not null,
  transports text[] not null,
  -- the name of the server for which it was made
  rp_id text not null,
  name text not null,
  backed_up boolean not null,
  created_at int8 not null,
  last_used_at int8,
  primary key (user_id, id)
);
create unique index on shard.passkeys (credential_id);

-- those that were answered: each is answered once. Until when they would be good else
create table shard.passkey_challenges (
  user_id uuid not null,
  challenge bytea not null,
  until int8 not null,
  primary key (user_id, challenge)
);
create index on shard.passkey_challenges (until);
`,
    )
    .execute(db);
}
