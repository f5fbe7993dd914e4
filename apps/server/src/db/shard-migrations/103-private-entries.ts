import { type Kysely, sql } from "kysely";

/** Why: a mount in a shared folder is its owner's business, and once it is gone no row says that it was one. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- of a mount: nobody but the owner of the space is told of it
alter table shard.journal add column of_mount boolean not null default false;
`,
    )
    .execute(db);
}
