import { type Kysely, sql } from "kysely";

/**
 * Why: an identity system enables only accounts that it suspended itself, never one that an administrator suspended or
 * its owner deleted.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.provisioned_accounts add column suspended_at int8`.execute(db);
}
