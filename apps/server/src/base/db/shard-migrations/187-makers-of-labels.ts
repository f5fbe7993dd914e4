import { type Kysely, sql } from "kysely";

/**
 * Why: a label keeps its version, so an editor of a shared folder can only change labels that they set. Earlier labels
 * have no maker: only the owner of the space can change them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.versions add column label_by uuid`.execute(db);
}
