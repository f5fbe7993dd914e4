import { type Kysely, sql } from "kysely";

/**
 * Why: an editor of a shared folder can only change labels that they set, because a label keeps its version. Earlier
 * labels have no maker: only the owner of the space can change them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.versions add column label_by uuid`.execute(db);
}
