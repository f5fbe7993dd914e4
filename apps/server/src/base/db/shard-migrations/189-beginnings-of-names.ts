import { type Kysely, sql } from "kysely";

/**
 * Why: a search lists names that are or begin with its text first, and must not read all others. The folded name may be
 * longer than an index key, so only its first characters are in it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // As text, like nodes_updated: only statements that mean this index use it.
  await sql`
    create index nodes_name_start on shard.nodes
      ((space_id::text), (case when kind in ('folder', 'mount') then 0 else 1 end), left(folded_name, 32))
      where trashed_at is null`.execute(db);
}
