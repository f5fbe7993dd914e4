import { type Kysely, sql } from "kysely";

/** Why: programs can also sign people out, and have the browser redirected back. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
alter table shard.oauth_clients add column post_logout_redirect_uris text[] not null default '{}';
`,
    )
    .execute(db);
}
