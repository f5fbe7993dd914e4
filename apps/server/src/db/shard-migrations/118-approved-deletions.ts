import { type Kysely, sql } from "kysely";

/** Why: what a person has approved on one device no other device asks for again. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table shard.journal add column approved boolean not null default false`.execute(db);
}
