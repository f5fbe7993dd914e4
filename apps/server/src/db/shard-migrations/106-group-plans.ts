import { type Kysely, sql } from "kysely";

/**
 * Why: plans were set per account. A group's plan applies to its members. Each member's shard stores it with the
 * membership, so that the quota is known on the shard of the space.
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
