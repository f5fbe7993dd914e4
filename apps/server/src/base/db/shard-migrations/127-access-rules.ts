import { type Kysely, sql } from "kysely";

/** Why: administrators can require a second factor and limit addresses. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- Of an account on its own shard. Of a group and of the server the same row is on all shards, so that each request finds it beside its account.
create table shard.access_rules (
  -- an account, a group, or the id of nobody: all of the server
  subject_id uuid primary key,
  -- from when on a second factor must be there; null: none is asked for
  factor_due_at int8,
  -- networks (CIDR), as an administrator has said; empty: from anywhere
  addresses text[] not null default '{}',
  -- as the account itself has said, besides
  own_addresses text[] not null default '{}'
);
`,
    )
    .execute(db);
}
