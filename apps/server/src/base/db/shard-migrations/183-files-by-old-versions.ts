import { type Kysely, sql } from "kysely";

/**
 * Why: a space full of old versions lists the files with the largest ones. The order is an estimate, because old
 * versions have other sizes; the found files are measured. A float, because the product of integers could overflow.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create index nodes_old_versions on shard.nodes (space_id, ((version_number - 1)::float8 * size))
    where version_number > 1`.execute(db);
}
