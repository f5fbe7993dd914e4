import { type Kysely, sql } from "kysely";

/** Why: people can restore their deleted account for a while. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- from then on it is shredded; it is suspended until then. Null where nobody wants that
alter table shard.users add column leaving_until int8;
create index users_leaving on shard.users (leaving_until) where leaving_until is not null;
`,
    )
    .execute(db);
}
