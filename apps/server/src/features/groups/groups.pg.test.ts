import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { GroupId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import { expireCredentials } from "../accounts/sign-in/expire-credentials.ts";
import { openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import { updateUser } from "../accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { openTestSharing } from "../sharing/testing.ts";
import { createGroup, deleteGroup, updateGroup } from "./change-groups.ts";
import { removeMember, setMember } from "./change-members.ts";
import { groupKinds } from "./group-messages.ts";
import { listGroups } from "./list-groups.ts";
import { listMembers } from "./list-members.ts";
import { callerFor, createUserIn } from "./testing.ts";

let databases: TestDatabases;
let world: TestAccounts;
let root: UserRow;
let people = 0;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  world = await openTestAccounts(databases.shards);
  root = await createUserIn(world, 1, "root@example.org", "Root");
});
after(() => databases.stop());

const admin = () => callerFor(root, true);
const newPerson = (name = "Ann", bucket = 4000) => createUserIn(world, bucket, `person${++people}@example.org`, name);
const page = { limit: 10 };

async function groupsKnownTo(user: UserRow): Promise<GroupId[]> {
  const rows = await databases.shards
    .ofId(user.id)
    .db.selectFrom("shard.memberships")
    .select("group_id")
    .where("user_id", "=", user.id)
    .where("role", "is not", null)
    .execute();
  return rows.map((row) => row.group_id);
}

test("an administrator creates a group, and its manager changes members on another shard", async () => {
  const { id } = await createGroup(world, admin(), "Choir");
  const [manager, singer] = [await newPerson("Mia"), await newPerson("Sam")];
  await setMember(world, admin(), { groupId: id, userId: manager.id, role: "manager" });
  const asManager = callerFor(manager);
  const added = await setMember(world, asManager, { groupId: id, userId: singer.id, role: "member" });
  assert.deepEqual(added, { user_id: singer.id, name: "Sam", email: singer.email, role: "member", disabled: false });
  assert.deepEqual(await groupsKnownTo(singer), [id]);
  const { items } = await listMembers(world, callerFor(singer), id, page);
  assert.deepEqual(items.map(({ name, role }) => `${name} ${role}`).toSorted(), ["Mia manager", "Sam member"]);
  assert.deepEqual((await listGroups(world, callerFor(singer), page)).items, [
    { id, name: "Choir", role: "member", members: 2, plan: null, created_at: "2026-01-01T00:00:00.000000Z" },
  ]);
  assert.equal((await updateGroup(world, asManager, id, { name: "Big choir" })).name, "Big choir");
  await removeMember(world, asManager, { groupId: id, userId: singer.id });
  assert.deepEqual(await groupsKnownTo(singer), []);
  assert.deepEqual((await listGroups(world, callerFor(singer), page)).items, []);
  assert.equal((await listGroups(world, asManager, page)).items[0]?.members, 1);
});

test("members cannot change a group, and non-members get not_found", async () => {
  const { id } = await createGroup(world, admin(), "Board");
  const [member, stranger] = [await newPerson(), await newPerson()];
  await setMember(world, admin(), { groupId: id, userId: member.id, role: "member" });
  for (const [caller, code] of [
    [callerFor(member), "forbidden"],
    [callerFor(stranger), "not_found"],
    [callerFor(root), "not_found"],
  ] as const) {
    const at = { groupId: id, userId: stranger.id };
    await assert.rejects(updateGroup(world, caller, id, { name: "x" }), { code });
    await assert.rejects(deleteGroup(world, caller, id), { code });
    await assert.rejects(setMember(world, caller, { ...at, role: "manager" }), { code });
    await assert.rejects(removeMember(world, caller, { groupId: id, userId: member.id }), { code });
    await assert.rejects(createGroup(world, caller, "x"), { code: "forbidden" });
    if (code === "not_found") await assert.rejects(listMembers(world, caller, id, page), { code });
  }
  assert.equal((await listMembers(world, callerFor(member), id, page)).items.length, 1);
  assert.deepEqual(await groupsKnownTo(stranger), []);
});

test("a deleted group has no members, and its ID is not found", async () => {
  const { id } = await createGroup(world, admin(), "Gone");
  const members = [await newPerson(), await newPerson("Bob", 5)];
  for (const { id: userId } of members) await setMember(world, admin(), { groupId: id, userId, role: "manager" });
  await deleteGroup(world, callerFor(members[0]!), id);
  for (const user of members) assert.deepEqual(await groupsKnownTo(user), []);
  for (const caller of [admin(), callerFor(members[0]!)]) {
    await assert.rejects(updateGroup(world, caller, id, { name: "x" }), { code: "not_found" });
    await assert.rejects(listMembers(world, caller, id, page), { code: "not_found" });
  }
});

test("a suspended account cannot be added, is shown only to managers, and can be removed", async () => {
  const { id } = await createGroup(world, admin(), "Team");
  const [away, here, other] = [await newPerson("Away"), await newPerson("Here"), await newPerson("Other")];
  for (const user of [away, here]) await setMember(world, admin(), { groupId: id, userId: user.id, role: "member" });
  for (const user of [away, other]) await updateUser(world, user.id, { disabled: true });
  await assert.rejects(setMember(world, admin(), { groupId: id, userId: other.id, role: "member" }), {
    code: "not_found",
    message: "There is no such user.",
  });
  const names = async (caller: ReturnType<typeof callerFor>) =>
    (await listMembers(world, caller, id, page)).items
      .map(({ name, disabled }) => (disabled ? `${name} suspended` : name))
      .toSorted();
  assert.deepEqual(await names(callerFor(here)), ["Here"]);
  assert.deepEqual(await names(admin()), ["Away suspended", "Here"]);
  await removeMember(world, admin(), { groupId: id, userId: away.id });
  await assert.rejects(removeMember(world, admin(), { groupId: id, userId: away.id }), { code: "not_found" });
});

test("a request repeated with its key runs once and gets the first response", async () => {
  const key = (digit: number, hash = 1) => ({
    operationId: Buffer.alloc(16, digit),
    requestHash: Buffer.alloc(32, hash),
  });
  const made = await createGroup(world, admin(), "Once", key(1));
  assert.deepEqual(await createGroup(world, admin(), "Once", key(1)), made);
  await assert.rejects(createGroup(world, admin(), "Other", key(1, 2)), { code: "operation_reused" });
  const user = await newPerson();
  const request = { groupId: made.id, userId: user.id };
  await setMember(world, admin(), { ...request, role: "member" }, key(2));
  await removeMember(world, admin(), request, key(3));
  await removeMember(world, admin(), request, key(3));
  await setMember(world, admin(), { ...request, role: "member" }, key(2));
  assert.deepEqual(await groupsKnownTo(user), [], "a repeated addition came after the removal and added nobody");
  await deleteGroup(world, admin(), made.id, key(4));
  await deleteGroup(world, admin(), made.id, key(4));
});

test("groups and members are listed completely and in order over all shards, for any page size", async () => {
  const user = await newPerson();
  const far = callerFor(await newPerson("Far", 4001), true);
  const ids: string[] = [];
  for (let count = 0; count < 7; count += 1) {
    world.clock.forwardMs(1);
    const { id } = await createGroup(world, count % 2 === 0 ? admin() : far, `g${count}`);
    await setMember(world, admin(), { groupId: id, userId: user.id, role: "member" });
    ids.push(id);
  }
  for (const limit of [1, 3, 7, 100]) {
    assert.deepEqual(await allIds((cursor) => listGroups(world, callerFor(user), { limit, cursor })), ids);
    const all = await allIds((cursor) => listGroups(world, admin(), { limit, cursor }));
    assert.deepEqual(all.slice(-7), ids);
  }
  await assert.rejects(listGroups(world, admin(), { limit: 1, cursor: "x" }), { code: "bad_request" });
});

async function allIds(list: (cursor: string | undefined) => ReturnType<typeof listGroups>): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const { items, next_cursor: next } = await list(cursor);
    ids.push(...items.map(({ id }) => id));
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

test("the numbers of groups per account and of members per group are limited", async () => {
  const user = await newPerson();
  const { db } = databases.shards.ofId(user.id);
  await sql`insert into shard.memberships (user_id, group_id, role, change, changed_at)
    select ${user.id}, gen_random_uuid(), 'member', 1, 0 from generate_series(1, ${limits.groupsOfAccountMax - 1})`.execute(
    db,
  );
  const [last, more] = [await createGroup(world, admin(), "last"), await createGroup(world, admin(), "more")];
  await setMember(world, admin(), { groupId: last.id, userId: user.id, role: "member" });
  await setMember(world, admin(), { groupId: last.id, userId: user.id, role: "manager" });
  await assert.rejects(setMember(world, admin(), { groupId: more.id, userId: user.id, role: "member" }), {
    code: "conflict",
  });
  await sql`update shard.groups set member_count = ${limits.groupMembersMax} where id = ${more.id}`.execute(
    databases.shards.ofId(more.id as GroupId).db,
  );
  await assert.rejects(setMember(world, admin(), { groupId: more.id, userId: root.id, role: "member" }), {
    code: "conflict",
  });
});

test("concurrent changes of a group count each member once, and every shard ends in the group's state", async () => {
  const { id } = await createGroup(world, admin(), "Busy");
  const users = await Promise.all(Array.from({ length: 4 }, (_, index) => newPerson(`p${index}`, index * 1000)));
  for (let round = 0; round < 5; round += 1) {
    await Promise.allSettled(
      users.flatMap(({ id: userId }) => [
        setMember(world, admin(), { groupId: id, userId, role: "member" }),
        removeMember(world, admin(), { groupId: id, userId }),
        setMember(world, admin(), { groupId: id, userId, role: "manager" }),
      ]),
    );
  }
  const { items } = await listMembers(world, admin(), id, page);
  const group = (await listGroups(world, admin(), { limit: 1000 })).items.find((each) => each.id === id);
  assert.equal(group?.members, items.length);
  for (const user of users) {
    const isMember = items.some((item) => item.user_id === user.id);
    assert.deepEqual(await groupsKnownTo(user), isMember ? [id] : []);
  }
});

test("invalid names and unknown IDs are rejected", async () => {
  for (const name of ["", " ", "a\u0000b", "\ud800", "line\nbreak"])
    await assert.rejects(createGroup(world, admin(), name), { code: "invalid_field", field: "name" });
  for (const id of ["x", "00000000-0000-8000-8000-000000000000", root.id]) {
    await assert.rejects(updateGroup(world, admin(), id, { name: "x" }), { code: "not_found" });
    await assert.rejects(removeMember(world, admin(), { groupId: id, userId: root.id }), { code: "not_found" });
  }
});

test("a former member's row is deleted with the journals of that time, and a member's never", async () => {
  const { id } = await createGroup(world, admin(), "Brief");
  const [left, stays] = [await newPerson(), await newPerson()];
  for (const user of [left, stays]) await setMember(world, admin(), { groupId: id, userId: user.id, role: "member" });
  await removeMember(world, admin(), { groupId: id, userId: left.id });
  const rows = async () =>
    (await sql`select user_id from shard.memberships where group_id = ${id}`.execute(databases.shards.ofId(left.id).db))
      .rows.length;
  world.clock.forwardMs(limits.journalLifetimeMs - 3600_000);
  await expireCredentials(world);
  assert.equal(await rows(), 2);
  world.clock.forwardMs(2 * 3600_000);
  await expireCredentials(world);
  assert.deepEqual([await rows(), await groupsKnownTo(stays)], [1, [id]]);
});

test("delayed deliveries go through the queue, including a deletion while a shard was away", async () => {
  const { id } = await createGroup(world, admin(), "Patient");
  const user = await newPerson();
  const shard = databases.shards.ofId(user.id);
  const refuse = () => {
    throw new HoldfastError("unavailable", "The member's shard is away.");
  };
  const gone = { ...shard, db: shard.db.withPlugin({ transformQuery: refuse, transformResult: refuse }) };
  const away: Shards = {
    ...databases.shards,
    ofId: (asked) => (shard === databases.shards.ofId(asked) ? gone : databases.shards.ofId(asked)),
  };
  await setMember(world, admin(), { groupId: id, userId: user.id, role: "member" });
  await removeMember({ ...world, shards: away }, admin(), { groupId: id, userId: user.id });
  assert.deepEqual(await groupsKnownTo(user), [id]);
  const { queue } = openTestSharing(databases.shards, world.clock, groupKinds);
  await queue.idle();
  assert.deepEqual(await groupsKnownTo(user), []);

  await setMember(world, admin(), { groupId: id, userId: user.id, role: "manager" });
  await deleteGroup({ ...world, shards: away }, admin(), id);
  assert.deepEqual(await groupsKnownTo(user), [id]);
  await queue.idle();
  assert.deepEqual(await groupsKnownTo(user), []);
  await queue.stop();
});
