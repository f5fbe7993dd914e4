import { type Kysely, sql } from "kysely";

/** Why: irreversible actions require a recent proof of identity in the session. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- when its person last proved who they are; 0: nobody knows, and then it was never
alter table shard.sessions add column proven_at int8 not null default 0;
update shard.sessions set proven_at = created_at;
`,
    )
    .execute(db);
}
