import { HoldfastError } from "@holdfast/core/errors";
import { type GroupId, makeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { GroupJson } from "@holdfast/protocol/group-routes";
import { type Kysely, sql } from "kysely";
import type { AccountStore } from "../accounts/context/account-world.ts";
import { assertUnboundBy } from "../accounts/proof/change-access-rules.ts";
import { assertPlainText } from "../accounts/context/plain-text.ts";
import { takePlan } from "../accounts/people/plans.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { GroupRow } from "../../base/db/group-tables.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { doOnce, type Key } from "../../tree/commit/do-once.ts";
import { groupJson } from "./group-json.ts";
import { enqueueEnd, enqueuePlan, type GroupWorld, deliverToAllNow } from "./group-messages.ts";
import { assertNotLimitedBy, type GroupCaller, lockManaged, readGroupId } from "./group-rights.ts";

/**
 * Creates a group on its creator's shard, where a repeated request finds it.
 * @throws HoldfastError forbidden without administrator rights, conflict if there are too many
 */
export async function createGroup(
  world: AccountStore,
  caller: GroupCaller,
  name: string,
  key: Key = {},
): Promise<GroupJson> {
  if (!caller.administrates) throw new HoldfastError("forbidden", "Only an administrator can create a group.");
  assertPlainText(name, "name");
  await assertRoom(world);
  const nowMicros = world.clock.nowMicros();
  const id = makeId<GroupId>(caller.bucket, world.clock.nowMs(), world.random(8));
  return inTransaction(world.shards.of(caller.bucket).db, (transaction) =>
    doOnce(transaction, { ...key, about: caller.spaceId, userId: caller.userId, nowMicros }, async () => {
      const row = { id, name, changes: 0, member_count: 0, plan: null, created_at: nowMicros };
      await transaction.insertInto("shard.groups").values(row).execute();
      return groupJson({ ...row, role: null });
    }),
  );
}

async function assertRoom({ shards }: AccountStore): Promise<void> {
  let count = 0;
  for (const { db } of shards.all()) {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from (select from shard.groups limit ${limits.groupsMax}) counted`.execute(db);
    count += rows[0]?.count ?? 0;
  }
  if (count < limits.groupsMax) return;
  throw new HoldfastError("conflict", `A server has at most ${limits.groupsMax} groups. Delete some first.`);
}

export interface GroupChange {
  readonly name?: string | undefined;
  /** Plan of the members, set by administrators, effective immediately; null removes it. */
  readonly plan?: string | null | undefined;
}

export async function updateGroup(
  world: GroupWorld,
  caller: GroupCaller,
  groupId: string,
  change: GroupChange,
  key: Key = {},
): Promise<GroupJson> {
  const id = readGroupId(groupId);
  if (change.name !== undefined) assertPlainText(change.name, "name");
  const request = { ...key, about: id, userId: caller.userId, nowMicros: world.clock.nowMicros() };
  const answer = await inTransaction(world.shards.ofId(id).db, (transaction) =>
    doOnce(transaction, request, async () => {
      const group = await lockManaged(transaction, caller, id);
      const { name = group.name, plan = group.plan } = change;
      if (plan !== group.plan) await changePlan(transaction, caller, group, plan);
      await transaction.updateTable("shard.groups").set({ name }).where("id", "=", id).execute();
      return groupJson({ ...group, name, plan });
    }),
  );
  if (change.plan !== undefined) await deliverToAllNow(world, id);
  return answer;
}

async function changePlan(
  transaction: Kysely<ShardTables>,
  caller: GroupCaller,
  { id, changes }: GroupRow,
  plan: string | null,
): Promise<void> {
  if (!caller.administrates) throw new HoldfastError("forbidden", "Only an administrator can give a group a plan.");
  if (plan !== null) await takePlan(transaction, plan);
  const set = { plan, changes: changes + 1 };
  await transaction.updateTable("shard.groups").set(set).where("id", "=", id).execute();
  await enqueuePlan(transaction, id);
}

/**
 * Members are notified after the deletion.
 * @throws HoldfastError not_found, forbidden, also for a token if the group has an access rule, proof_required in that
 * case
 */
export async function deleteGroup(
  world: GroupWorld,
  caller: GroupCaller,
  groupId: string,
  key: Key = {},
): Promise<void> {
  const id = readGroupId(groupId);
  const request = { ...key, about: id, userId: caller.userId, nowMicros: world.clock.nowMicros() };
  await assertNotLimitedBy(world.shards, caller, id);
  await inTransaction(world.shards.ofId(id).db, (transaction) =>
    doOnce(transaction, request, async () => {
      await lockManaged(transaction, caller, id);
      await assertUnboundBy(transaction, id, caller);
      await transaction.deleteFrom("shard.groups").where("id", "=", id).execute();
      await enqueueEnd(transaction, id);
    }),
  );
  await deliverToAllNow(world, id);
}
