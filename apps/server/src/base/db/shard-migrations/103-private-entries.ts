import { type Kysely, sql } from "kysely";

/** Why: only its owner may see a mount, and after its removal no row shows that the node was one. */
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
