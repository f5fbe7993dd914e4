import { type Kysely, sql } from "kysely";

/** Why: people who forgot their password get a link by mail, and the number of such mails per account is limited. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.users add column reset_mailed_at int8 not null default 0`.execute(db);
}
