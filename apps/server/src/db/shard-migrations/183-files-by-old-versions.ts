import { type Kysely, sql } from "kysely";

/**
 * Why: a space that is full of old versions names the files that have most of them. About so much, since old versions have other sizes: what is found
 * is measured. As a float, since a product of whole numbers could be too large.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create index nodes_old_versions on shard.nodes (space_id, ((version_number - 1)::float8 * size))
    where version_number > 1`.execute(db);
}
