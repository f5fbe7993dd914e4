import { type Kysely, sql } from "kysely";

/** Why: labeled versions are kept regardless of age. */
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
