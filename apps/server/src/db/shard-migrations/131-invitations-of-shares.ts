import { type Kysely, sql } from "kysely";

/**
 * Why: sharing with an address without an account mails an invitation, which ends when nothing waits for the address
 * anymore. One created by an administrator does not end. Both looked the same before. Existing ones last until they
 * expire.
 */
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
