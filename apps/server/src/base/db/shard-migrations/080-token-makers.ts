import { type Kysely, sql } from "kysely";

/**
 * Why: a stolen token could create others, which outlived its revocation. The makers of existing tokens are unknown.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw("alter table shard.tokens add column maker_id uuid").execute(db);
}
