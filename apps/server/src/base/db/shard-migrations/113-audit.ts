import { type Kysely, sql } from "kysely";

/** Why: an audit log, whose linked entries cannot be changed, removed or inserted without the server's key. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create table shard.audit_entries (
  -- gapless, from the chain's anchor on
  seq int8 primary key,
  -- when it happened, as the entry's text says it: entries of one chain are not quite in the order of their times
  at int8 not null,
  -- HMAC-SHA256 over the hash before it and the text
  hash bytea not null,
  -- JSON, exactly as it was hashed
  entry text not null
);
-- for a span of time, in the order of the export
create index audit_entries_at on shard.audit_entries (at, seq);

-- one row: the newest entry of this shard, and where what is still kept begins
create table shard.audit_chain (
  one boolean primary key default true check (one),
  seq int8 not null default 0,
  hash bytea not null default decode(repeat('00', 32), 'hex'),
  -- the last entry that has gone because of its age; its seal proves that the server let it go
  anchor_seq int8 not null default 0,
  anchor_hash bytea not null default decode(repeat('00', 32), 'hex'),
  anchor_seal bytea,
  -- up to which entry all went to the syslog server
  sent_seq int8 not null default 0,
  -- what the last verification found
  verified_at int8,
  verified_ok boolean
);
insert into shard.audit_chain default values;
`,
    )
    .execute(db);
}
