import { type Kysely, sql } from "kysely";

/** Why: who moves an account to another address shows first that it is theirs; until then the one before is in force. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.users add column next_email text`.execute(db);
}
