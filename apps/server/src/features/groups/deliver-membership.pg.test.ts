import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { type GroupId, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { tapShards } from "../notify/testing.ts";
import { deliverToAll, deliverMembership, forgetMembers } from "./deliver-membership.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

const newGroupId = () => makeId<GroupId>(toBucket(1), world.clock.nowMs(), randomBytes(8));
const farUserId = () => makeId<UserId>(toBucket(4000), world.clock.nowMs(), randomBytes(8));

async function makeGroup(groupId: GroupId): Promise<void> {
  await sql`insert into shard.groups (id, name, created_at) values (${groupId}, 'g', 0)`.execute(near());
}

const near = () => databases.shards.of(toBucket(1)).db;
const far = () => databases.shards.of(toBucket(4000)).db;

async function change(groupId: GroupId, userId: UserId, role: "member" | "manager" | null): Promise<void> {
  await near()
    .transaction()
    .execute(async (transaction) => {
      await sql`update shard.groups set changes = changes + 1 where id = ${groupId}`.execute(transaction);
      await sql`delete from shard.group_members where group_id = ${groupId} and user_id = ${userId}`.execute(
        transaction,
      );
      if (role !== null) {
        await sql`insert into shard.group_members values (${groupId}, ${userId}, ${role})`.execute(transaction);
      }
    });
}

async function roleOf(userId: UserId, groupId: GroupId): Promise<string | null | undefined> {
  const row = await far()
    .selectFrom("shard.memberships")
    .select("role")
    .where("user_id", "=", userId)
    .where("group_id", "=", groupId)
    .executeTakeFirst();
  return row?.role;
}

async function heldUp(groupId: GroupId, userId: UserId): Promise<() => Promise<void>> {
  const read = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const tap = tapShards(databases.shards);
  tap.before = () => {
    read.resolve();
    return release.promise;
  };
  const done = deliverMembership({ ...world, shards: tap.shards }, groupId, userId);
  await read.promise;
  return () => {
    release.resolve();
    return done;
  };
}

test("an addition and a removal delivered out of order end in the group's state", async () => {
  const [groupId, userId] = [newGroupId(), farUserId()];
  await makeGroup(groupId);
  await change(groupId, userId, "member");
  const added = await heldUp(groupId, userId);
  await change(groupId, userId, null);
  await deliverMembership(world, groupId, userId);
  assert.equal(await roleOf(userId, groupId), null);
  await added();
  assert.equal(await roleOf(userId, groupId), null, "the addition came last and stayed");

  const removed = await heldUp(groupId, userId);
  await change(groupId, userId, "manager");
  await deliverMembership(world, groupId, userId);
  await removed();
  assert.equal(await roleOf(userId, groupId), "manager", "the removal came last and stayed");
  await deliverMembership(world, groupId, userId);
  assert.equal(await roleOf(userId, groupId), "manager");
});

test("a late delivery does not restore a membership of a deleted group", async () => {
  const [groupId, userId] = [newGroupId(), farUserId()];
  await makeGroup(groupId);
  await change(groupId, userId, "member");
  const added = await heldUp(groupId, userId);
  await sql`delete from shard.groups where id = ${groupId}`.execute(near());
  await deliverToAll(world, groupId);
  await forgetMembers(world, groupId);
  await added();
  assert.equal(await roleOf(userId, groupId), null);
  assert.deepEqual(
    await sql`select from shard.group_members where group_id = ${groupId}`.execute(near()).then((r) => r.rows),
    [],
  );
  await deliverToAll(world, groupId);
  await deliverMembership(world, groupId, userId);
  assert.equal(await roleOf(userId, groupId), null);
});

test("the deletion of a group with thousands of members is delivered to each", async () => {
  const groupId = newGroupId();
  await makeGroup(groupId);
  const userIds = Array.from({ length: 2001 }, farUserId);
  for (const userId of userIds.slice(0, 2)) await change(groupId, userId, "member");
  await near()
    .insertInto("shard.group_members")
    .values(userIds.slice(2).map((user_id) => ({ group_id: groupId, user_id, role: "member" as const })))
    .execute();
  for (const userId of userIds.slice(0, 2)) await deliverMembership(world, groupId, userId);
  await sql`delete from shard.groups where id = ${groupId}`.execute(near());
  await deliverToAll(world, groupId);
  const { rows } = await sql<{ role: string | null; count: number }>`
    select role, count(*)::int8 as count from shard.memberships where group_id = ${groupId} group by role`.execute(
    far(),
  );
  assert.deepEqual(rows, [{ role: null, count: userIds.length }]);
});
