import { type Kysely, sql } from "kysely";

/**
 * Why: buckets move between shards. Only the token of an invitation or of a program contains its bucket, so the row
 * notes it. `move_marks` shows that a copy has everything that was written before a mark. A sequence is the fence, because
 * each transaction sees its current value.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- null: made by an earlier version
alter table shard.invitations add column bucket int2;
alter table shard.oauth_artifacts add column bucket int2;
-- a publication that filters by a column outside the key needs the whole row
alter table shard.invitations replica identity full;
alter table shard.oauth_artifacts replica identity full;
create table shard.move_marks (id uuid primary key);
-- 1: nobody writes the buckets that move
create sequence shard.move_fence minvalue 0 start 0;
`,
    )
    .execute(db);
}
