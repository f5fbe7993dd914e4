import type { UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../../../base/db/array-parameters.ts";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { settleWarning } from "../../../tree/weight/quota-warning.ts";
import type { ShardTables, SpaceRow } from "../../../base/db/shard-tables.ts";

/**
 * The largest quota of the own and the groups' plans counts, unless the account has a quota of its own. Runs in the
 * transaction that changed a plan or membership; the state under the space lock decides.
 */
export async function followPlans(transaction: Kysely<ShardTables>, userIds: readonly UserId[]): Promise<void> {
  if (userIds.length === 0) return;
  const ids = uuidArray(userIds);
  await sql`select s.id from shard.users u join shard.spaces s on s.id = u.space_id
    where u.id = any(${ids}) order by s.id for update of s`.execute(transaction);
  const { rows } = await sql<SpaceRow>`
    update shard.spaces s set quota_bytes = given.quota_bytes
    from (
      select u.space_id, case when bool_or(p.quota_bytes is null) then null else max(p.quota_bytes) end as quota_bytes
      from shard.users u
      cross join lateral (
        select u.plan as name union all
        select m.plan from shard.memberships m where m.user_id = u.id and m.role is not null and m.plan is not null
      ) had
      join shard.plans p on p.name = had.name
      where u.id = any(${ids}) group by u.space_id
    ) given
    where s.id = given.space_id and not s.quota_fixed and s.quota_bytes is distinct from given.quota_bytes
    returning s.*`.execute(transaction);
  for (const space of rows) await settleWarning(transaction, space);
}

/** Sets one account's quota: bytes, null for no limit, or the quota of its plans. */
export async function setQuota(
  transaction: Kysely<ShardTables>,
  user: Pick<UserRow, "id" | "space_id">,
  quotaBytes: number | null | "plan",
): Promise<void> {
  const change = quotaBytes === "plan" ? { quota_fixed: false } : { quota_fixed: true, quota_bytes: quotaBytes };
  const update = transaction.updateTable("shard.spaces").set(change).where("id", "=", user.space_id);
  await settleWarning(transaction, await update.returningAll().executeTakeFirstOrThrow());
  await followPlans(transaction, [user.id]);
}
