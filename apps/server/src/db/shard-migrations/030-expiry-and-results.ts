import { type Kysely, sql } from "kysely";

/**
 * Why: the job that removes old tokens and devices read both tables from end to end each hour. What an operation answered is
 * given back as it is, so nothing is gained by checking with each insert that it is JSON.
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
