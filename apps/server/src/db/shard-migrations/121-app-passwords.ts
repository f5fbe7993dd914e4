import { type Kysely, sql } from "kysely";

/** Why: programs that know only name and password are given one of their own, which is a token that goes with the account's address. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.tokens add column app boolean not null default false`.execute(db);
}
