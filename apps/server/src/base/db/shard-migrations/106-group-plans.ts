import { type Kysely, sql } from "kysely";

/** Why: a group's plan applies to its members. Stored with the membership, on the shard of the space. */
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
