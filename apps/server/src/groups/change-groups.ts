import { HoldfastError } from "@holdfast/core/errors";
import { type GroupId, makeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { GroupJson } from "@holdfast/protocol/group-routes";
import { sql } from "kysely";
import type { AccountStore } from "../accounts/account-world.ts";
import { assertPlainText } from "../accounts/plain-text.ts";
import { inTransaction } from "../db/database.ts";
import { doOnce, type Repeatable } from "./do-once.ts";
import { groupJson } from "./group-json.ts";
import { enqueueEnd, type GroupWorld, tellEnd } from "./group-messages.ts";
import { type GroupCaller, lockManaged, readGroupId } from "./group-rights.ts";

/** The Idempotency-Key of a request, if it has one. */
export type Key = Pick<Repeatable, "operationId" | "requestHash">;

/**
 * It lies on its maker's shard, where a repeated request finds what it made before.
 * @throws HoldfastError forbidden for who does not administrate, conflict where there are too many
 */
export async function createGroup(
  world: AccountStore,
  caller: GroupCaller,
  name: string,
  key: Key = {},
): Promise<GroupJson> {
  if (!caller.administrates) throw new HoldfastError("forbidden", "Only an administrator may create a group.");
  assertPlainText(name, "name");
  await assertRoom(world);
  const nowMicros = world.clock.nowMicros();
  const id = makeId<GroupId>(caller.bucket, world.clock.nowMs(), world.random(8));
  return inTransaction(world.shards.of(caller.bucket).db, (transaction) =>
    doOnce(transaction, { ...key, about: caller.spaceId, userId: caller.userId, nowMicros }, async () => {
      const row = { id, name, changes: 0, member_count: 0, created_at: nowMicros };
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

/** @throws HoldfastError not_found, forbidden, invalid_field */
export async function renameGroup(
  world: AccountStore,
  caller: GroupCaller,
  groupId: string,
  name: string,
  key: Key = {},
): Promise<GroupJson> {
  const id = readGroupId(groupId);
  assertPlainText(name, "name");
  const request = { ...key, about: id, userId: caller.userId, nowMicros: world.clock.nowMicros() };
  return inTransaction(world.shards.ofId(id).db, (transaction) =>
    doOnce(transaction, request, async () => {
      const group = await lockManaged(transaction, caller, id);
      await transaction.updateTable("shard.groups").set({ name }).where("id", "=", id).execute();
      return groupJson({ ...group, name });
    }),
  );
}

/** Its members are told once it is gone. @throws HoldfastError not_found, forbidden */
export async function deleteGroup(
  world: GroupWorld,
  caller: GroupCaller,
  groupId: string,
  key: Key = {},
): Promise<void> {
  const id = readGroupId(groupId);
  const request = { ...key, about: id, userId: caller.userId, nowMicros: world.clock.nowMicros() };
  await inTransaction(world.shards.ofId(id).db, (transaction) =>
    doOnce(transaction, request, async () => {
      await lockManaged(transaction, caller, id);
      await transaction.deleteFrom("shard.groups").where("id", "=", id).execute();
      await enqueueEnd(transaction, id);
    }),
  );
  await tellEnd(world, id);
}
