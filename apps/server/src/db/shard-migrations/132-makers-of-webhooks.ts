import { type Kysely, sql } from "kysely";

/**
 * Why: a webhook that a program or a script made went on when its consent or token was taken back. It ends with what it was made with. Those
 * that are there already know no maker, and stay until they are deleted.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- the token, a personal one or a program's consent, with which it was made; null: by somebody signed in
alter table shard.webhooks add column maker_id uuid;
`,
    )
    .execute(db);
}
