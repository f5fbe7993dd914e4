import { type Kysely, sql } from "kysely";

/** Why: an identity system identifies accounts and groups by its own ids (SCIM). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- on the shard of the account
create table shard.provisioned_accounts (
  user_id uuid primary key,
  -- what the identity system calls it
  external_id text,
  -- when it was removed: as long as the account is suspended since that very moment, SCIM knows it no more and its owner does not take it back
  removed_at int8
);
create index provisioned_accounts_external on shard.provisioned_accounts (external_id) where external_id is not null;

-- on the shard of the group
create table shard.provisioned_groups (
  group_id uuid primary key references shard.groups (id) on delete cascade,
  external_id text not null
);
create index provisioned_groups_external on shard.provisioned_groups (external_id);
`,
    )
    .execute(db);
}
