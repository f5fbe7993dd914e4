import { type Kysely, sql } from "kysely";

/**
 * Why: accounts choose notifications and language. Mail waits on the account's shard, for digests in one transaction.
 * Links are sealed by a key of the server.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.account_settings (
  user_id uuid primary key,
  -- null: the server's
  language text,
  -- what the account chose, and nothing else: what it did not choose may get another default
  notify jsonb not null default '{}'
);

-- one for each notice that waits for the next mail to its account
create table shard.mail_items (
  user_id uuid not null,
  id uuid not null,
  kind text not null,
  at int8 not null,
  due_at int8 not null,
  notice jsonb not null,
  primary key (user_id, id)
);

-- when notices were mailed to an account last, for the pause between two mails
create table shard.mail_turns (
  user_id uuid primary key,
  last_at int8 not null
);

-- a bucket of mails that an account causes: its level at a moment, falling evenly since
create table shard.mail_allowances (
  user_id uuid primary key,
  level float8 not null,
  at int8 not null
);

-- addresses without an account that want no more invitations; in the bucket of the hash
create table shard.mail_refusals (
  address_hash bytea primary key,
  at int8 not null
);

-- that a mail goes or went out, so that a message which is worked twice sends once
create table shard.mails_sent (
  id uuid primary key,
  -- null: not yet
  sent_at int8,
  -- nobody else sends it before this
  claimed_until int8 not null
);
create index mails_sent_claim on shard.mails_sent (claimed_until);

-- what would have been mailed where there is no mail, for administrators to hand on
create table shard.unsent_links (
  id uuid primary key,
  address text not null,
  template text not null,
  sealed_link bytea not null,
  at int8 not null,
  expires_at int8 not null
);
create index unsent_links_expiry on shard.unsent_links (expires_at);
`,
    )
    .execute(db);
}
