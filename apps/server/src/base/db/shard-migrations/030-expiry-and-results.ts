import { type Kysely, sql } from "kysely";

/**
 * Why: the job that removes old tokens and devices scanned both tables each hour. Results of operations are returned
 * unchanged, so validating them as JSON at each insert is useless.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
create index tokens_expiry on shard.tokens (expires_at) where expires_at is not null;
create index devices_seen on shard.devices (coalesce(last_seen_at, created_at));
alter table shard.operations alter column result type text using result::text;
`,
    )
    .execute(db);
}
