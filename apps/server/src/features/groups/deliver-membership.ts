import type { Clock } from "@holdfast/core/clock";
import type { GroupId, UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { int8Array, textArray, uuidArray } from "../../base/db/array-parameters.ts";
import { followPlans } from "../accounts/people/quotas.ts";
import { holdPlans } from "../accounts/people/plans.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { GroupRole } from "../../base/db/group-tables.ts";
import type { ShardQueries, ShardTables } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";

export interface DeliveryWorld {
  readonly shards: Shards;
  readonly clock: Clock;
}

interface Membership {
  readonly userId: UserId;
  readonly role: GroupRole | null;
  readonly change: number;
  readonly plan: string | null;
}

/** Exceeds any number of changes, so that the message about a deleted group is final. */
export const afterTheEnd = Number.MAX_SAFE_INTEGER;
const pageRows = 1000;

/**
 * Copies the membership from the group's shard to the member's. May run twice, late and concurrently: an older state
 * has a lower number and never replaces a newer one.
 */
export async function deliverMembership(world: DeliveryWorld, groupId: GroupId, userId: UserId): Promise<void> {
  await deliver(world, groupId, [userId]);
}

/** Copies the memberships of all members, also of a deleted group until `forgetMembers`. May run twice. */
export async function deliverToAll(world: DeliveryWorld, groupId: GroupId): Promise<void> {
  for await (const userIds of memberPages(world.shards, groupId)) await deliver(world, groupId, userIds);
}

async function deliver(world: DeliveryWorld, groupId: GroupId, userIds: readonly UserId[]): Promise<void> {
  const all = await readMemberships(world.shards.ofId(groupId).db, groupId, userIds);
  for (const [{ db }, memberships] of Map.groupBy(all, ({ userId }) => world.shards.ofId(userId))) {
    await inTransaction(db, (transaction) =>
      storeMemberships(transaction, groupId, memberships, world.clock.nowMicros()),
    );
  }
}

async function readMemberships(db: ShardQueries, groupId: GroupId, userIds: readonly UserId[]): Promise<Membership[]> {
  // One statement, so that number, roles and plan are consistent. Indexes: primary keys.
  const { rows } = await sql<{ user_id: UserId; changes: number | null; role: GroupRole | null; plan: string | null }>`
    select asked.user_id, g.changes, m.role, g.plan from unnest(${uuidArray(userIds)}) as asked (user_id)
    left join shard.groups g on g.id = ${groupId}
    left join shard.group_members m on m.group_id = g.id and m.user_id = asked.user_id`.execute(db);
  return rows.map(({ user_id: userId, changes, role, plan }) => ({
    userId,
    role,
    change: changes ?? afterTheEnd,
    plan: role === null ? null : plan,
  }));
}

/** Deletes a deleted group's members, when all work for them is done. */
export async function forgetMembers({ shards }: Pick<DeliveryWorld, "shards">, groupId: GroupId): Promise<void> {
  for await (const userIds of memberPages(shards, groupId)) {
    await sql`
      delete from shard.group_members where group_id = ${groupId} and user_id = any(${uuidArray(userIds)})`.execute(
      shards.ofId(groupId).db,
    );
  }
}

/** Pages of a thousand members, also of a deleted group. */
export async function* memberPages(shards: Shards, groupId: GroupId): AsyncGenerator<UserId[]> {
  let after: UserId | null = null;
  do {
    const { rows }: { rows: { user_id: UserId }[] } = await sql<{ user_id: UserId }>`
      select user_id from shard.group_members
      where group_id = ${groupId} and (${after}::uuid is null or user_id > ${after}::uuid)
      order by user_id limit ${pageRows}`.execute(shards.ofId(groupId).db);
    if (rows.length > 0) yield rows.map((row) => row.user_id);
    after = rows.length < pageRows ? null : (rows.at(-1)?.user_id ?? null);
  } while (after !== null);
}

/**
 * Former members keep a row for a while (`expireCredentials`); otherwise an older state could arrive later and stay.
 * Updates quotas in the same transaction.
 */
async function storeMemberships(
  transaction: Kysely<ShardTables>,
  groupId: GroupId,
  all: readonly Membership[],
  nowMicros: number,
): Promise<void> {
  await holdPlans(transaction);
  const users = uuidArray(all.map(({ userId }) => userId));
  const roles = textArray(all.map(({ role }) => role));
  const changes = int8Array(all.map(({ change }) => change));
  const plans = textArray(all.map(({ plan }) => plan));
  const { rows } = await sql<{ user_id: UserId }>`
    insert into shard.memberships as known (user_id, group_id, role, change, changed_at, plan)
    select told.user_id, ${groupId}, told.role, told.change, ${nowMicros}, told.plan
    from unnest(${users}, ${roles}, ${changes}, ${plans}) as told (user_id, role, change, plan) order by told.user_id
    on conflict (user_id, group_id) do update
    set role = excluded.role, change = excluded.change, changed_at = excluded.changed_at, plan = excluded.plan
    where known.change < excluded.change
    returning user_id`.execute(transaction);
  await followPlans(
    transaction,
    rows.map((row) => row.user_id),
  );
}
