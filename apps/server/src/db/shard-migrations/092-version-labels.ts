import { type Kysely, sql } from "kysely";

/** Why: a person may give a version a name, and what has one is kept however old it is. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- what a person calls this version; one with a label is never pruned, and goes only with its file
alter table shard.versions add column label text;
`,
    )
    .execute(db);
}
