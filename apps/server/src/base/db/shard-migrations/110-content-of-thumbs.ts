import { type Kysely, sql } from "kysely";

/**
 * Why: a thumbnail is requested by content id, and the caller must be able to read a version with it. In the own space
 * any version counts. In a share only its own nodes are searched, so that response times reveal nothing about others.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- eight bytes of a hash are as good as all, and a fourth of the size
create index versions_content on shard.versions (space_id, substring(content_id from 1 for 8));
create index nodes_folder_content on shard.nodes (parent_id, substring(content_id from 1 for 8))
  where content_id is not null and trashed_at is null;
`,
    )
    .execute(db);
}
