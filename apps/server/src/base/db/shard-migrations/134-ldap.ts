import { type Kysely, sql } from "kysely";

/** Why: an LDAP server verifies passwords. Accounts that it no longer lists are suspended. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- who has given it: two that give the same take it only together
alter table shard.outside_memberships add column source text not null default 'issuer';
alter table shard.outside_memberships drop constraint outside_memberships_pkey;
alter table shard.outside_memberships add primary key (user_id, group_id, source);

-- whom the server has suspended as the LDAP server knew them no more, and lets in again when it does; beside the account
create table shard.ldap_absences (
  user_id uuid primary key,
  since int8 not null
);

-- on the shard of bucket 0, one row: when people were last looked up, and why not
create table shard.ldap_runs (
  id int4 primary key,
  tried_at int8 not null,
  done_at int8,
  problem text
);
`,
    )
    .execute(db);
}
