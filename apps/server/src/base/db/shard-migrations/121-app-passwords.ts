import { type Kysely, sql } from "kysely";

/** Why: some programs only support name and password. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
alter table shard.tokens add column app boolean not null default false;
-- of an app password that sees one folder: the permission there, a link without a secret, that says what it sees
alter table shard.tokens add column grant_id uuid;
create unique index tokens_grant on shard.tokens (grant_id) where grant_id is not null;
create index grants_app on shard.grants (id) where kind = 'link' and secret_hash is null;
`,
    )
    .execute(db);
}
