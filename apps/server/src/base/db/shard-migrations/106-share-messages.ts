import { type Kysely, sql } from "kysely";

/** Why: the message of a share was only sent to addresses without an account. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- to whoever it is for, told with the share
alter table shard.grants add column message text;
`,
    )
    .execute(db);
}
