import { type Kysely, sql } from "kysely";

/**
 * Why: whoever had got hold of a token made others with it, and they outlived its revocation. Of tokens that are there already
 * nobody knows what made them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw("alter table shard.tokens add column maker_id uuid").execute(db);
}
