import { type Kysely, sql } from "kysely";

/**
 * Why: what is shared with an address that has no account mails it an invitation. It ends when nothing waits for that address any more, and one
 * that an administrator has made does not: the two were not told apart. Those that are there already last until they expire.
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
