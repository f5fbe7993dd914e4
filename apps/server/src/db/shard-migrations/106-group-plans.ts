import { type Kysely, sql } from "kysely";

/**
 * Why: a plan was given account by account. A group may have one too, which counts for its members: each member's shard is told of it
 * with the membership, so that what an account may keep is known where its space is.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
-- null: the group gives its members no room
alter table shard.groups add column plan text collate "C";
-- the group's, when this was read there
alter table shard.memberships add column plan text collate "C";
create index memberships_plan on shard.memberships (plan, user_id) where plan is not null;
create index groups_plan on shard.groups (plan) where plan is not null;
`,
    )
    .execute(db);
}
