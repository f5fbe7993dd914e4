import { type Kysely, sql } from "kysely";

/**
 * Why: a webhook created by a program or script continued after its consent or token was revoked. It now ends with
 * it. Existing webhooks
 * have no maker, and stay until they are deleted.
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
