import { type Kysely, sql } from "kysely";

/** Why: programs that people let in have them signed out of the app too, and get the browser back afterwards. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
alter table shard.oauth_clients add column post_logout_redirect_uris text[] not null default '{}';
`,
    )
    .execute(db);
}
