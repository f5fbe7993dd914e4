import { type Kysely, sql } from "kysely";

/** Why: the list of devices must show which are browsers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- signed in by a page: its refresh token lies in a cookie
alter table shard.devices add column browser boolean not null default false;
`,
    )
    .execute(db);
}
