import { type Kysely, sql } from "kysely";

/** Why: whoever has forgotten the password has a link mailed, and nobody has an account mailed without end. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.users add column reset_mailed_at int8 not null default 0`.execute(db);
}
