import { type Kysely, sql } from "kysely";

/** Why: a share's invitation ends when nothing waits for the address, unlike an administrator's. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
alter table shard.invitations add column for_share boolean not null default false;
create index invitations_for_share on shard.invitations (email) where for_share;
`,
    )
    .execute(db);
}
