import { type Kysely, sql } from "kysely";

/** Why: the number of reset mails per account is limited. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.users add column reset_mailed_at int8 not null default 0`.execute(db);
}
