import type { Clock } from "@holdfast/core/clock";
import type { GroupId, UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { int8Array, textArray, uuidArray } from "../db/array-parameters.ts";
import { followPlans } from "../accounts/quotas.ts";
import { holdPlans } from "../accounts/plans.ts";
import { inTransaction } from "../db/database.ts";
import type { GroupRole } from "../db/group-tables.ts";
import type { ShardReader, ShardTables } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";

export interface DeliveryWorld {
  readonly shards: Shards;
  readonly clock: Clock;
}

interface Told {
  readonly userId: UserId;
  readonly role: GroupRole | null;
  readonly change: number;
  /** The group's plan. */
  readonly plan: string | null;
}

/** More than any group has changes: what is told of a group that is no more stands for good. */
const afterTheEnd = Number.MAX_SAFE_INTEGER;
const pageRows = 1000;

/**
 * Tells the member's shard what the group's shard says of the membership now. It may run twice, late, and beside itself: what was
 * read earlier carries a lower number, and never takes the place of what was read later.
 */
export async function deliverMembership(world: DeliveryWorld, groupId: GroupId, userId: UserId): Promise<void> {
  await deliver(world, groupId, [userId]);
}

/** Tells all members of a group, or all who were in one that was deleted (until `forgetMembers`). May run twice, like the other. */
export async function deliverToAll(world: DeliveryWorld, groupId: GroupId): Promise<void> {
  for await (const userIds of memberPages(world.shards, groupId)) await deliver(world, groupId, userIds);
}

async function deliver(world: DeliveryWorld, groupId: GroupId, userIds: readonly UserId[]): Promise<void> {
  const all = await readMemberships(world.shards.ofId(groupId).db, groupId, userIds);
  for (const [{ db }, told] of Map.groupBy(all, ({ userId }) => world.shards.ofId(userId))) {
    await inTransaction(db, (transaction) => tell(transaction, groupId, told, world.clock.nowMicros()));
  }
}

async function readMemberships(db: ShardReader, groupId: GroupId, userIds: readonly UserId[]): Promise<Told[]> {
  // One statement, so that number, roles and plan are of one moment. By primary keys.
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

/** Once nothing is to be done for them any more. */
export async function forgetMembers({ shards }: Pick<DeliveryWorld, "shards">, groupId: GroupId): Promise<void> {
  for await (const userIds of memberPages(shards, groupId)) {
    await sql`
      delete from shard.group_members where group_id = ${groupId} and user_id = any(${uuidArray(userIds)})`.execute(
      shards.ofId(groupId).db,
    );
  }
}

/** Everybody who is in the group, or was when it was deleted, a thousand at a time. */
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
 * Who is no member keeps a row for a while (`expireCredentials`): without it what was read before the end could arrive after it, and stay.
 * What the members may keep is right in the same transaction.
 */
async function tell(
  transaction: Kysely<ShardTables>,
  groupId: GroupId,
  all: readonly Told[],
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
