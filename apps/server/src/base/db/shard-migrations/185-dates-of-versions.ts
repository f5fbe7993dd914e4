import { type Kysely, sql } from "kysely";

/** Why: an old version gets its file's date back. Versions replaced before have none. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.versions add column modified_at int8`.execute(db);
}
