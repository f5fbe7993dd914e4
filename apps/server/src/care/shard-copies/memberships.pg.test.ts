import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { sql } from "kysely";
import { deleteGroup } from "../../features/groups/change-groups.ts";
import { createUserIn } from "../../features/groups/testing.ts";
import { tapShards } from "../../features/notify/testing.ts";
import { repairShardCopies } from "./repair-copies.ts";
import { CopiesScene } from "./testing-copies.ts";

let scene: CopiesScene;
before(async () => {
  scene = await CopiesScene.open();
});
beforeEach(() => scene.begin());
afterEach(() => scene.end());
after(() => scene.close());

test("a former member loses access again if the account's shard lost the removal from the group", async () => {
  const [groupId, folder] = [await scene.newGroup(), await scene.mkdir("choir")];
  await scene.share(folder, groupId, "group");
  await scene.join(groupId);
  await scene.settle();
  await scene.mount(folder);
  await scene.settle();
  const repaired = await scene.repairLoss("high", () => scene.leave(groupId));
  assert.deepEqual(repaired, { memberships: 1, mounts: 1 });
  assert.equal(await scene.canRead(folder), false);
  assert.equal(await scene.isMounted(folder), false);
  assert.deepEqual(await scene.roles(groupId), [{ role: null }, { members: 0 }]);
});

test("a former member stays removed if the group's shard lost the removal and was changed since", async () => {
  const [groupId, folder] = [await scene.newGroup(), await scene.mkdir("choir")];
  await scene.share(folder, groupId, "group");
  await scene.join(groupId);
  await scene.settle();
  await scene.lose("low", () => scene.leave(groupId));
  for (const role of ["member", "manager", "member"] as const) {
    await scene.join(groupId, role, scene.owner.id);
  }
  await scene.settle();
  assert.deepEqual(await scene.repair(["low"]), { memberships: 1 });
  assert.equal(await scene.canRead(folder), false);
  assert.deepEqual(await scene.roles(groupId), [{ role: "member" }, { role: null }, { members: 1 }]);
});

test("a new member gets access if the account's shard lost the membership", async () => {
  const [groupId, folder] = [await scene.newGroup(), await scene.mkdir("choir")];
  await scene.share(folder, groupId, "group");
  await scene.settle();
  assert.deepEqual(await scene.repairLoss("high", () => scene.join(groupId)), { memberships: 1 });
  assert.equal(await scene.canRead(folder), true);
});

test("a membership that the group's shard lost ends, and a later removal reaches the account", async () => {
  const groupId = await scene.newGroup();
  assert.deepEqual(await scene.repairLoss("low", () => scene.join(groupId)), { memberships: 1 });
  assert.deepEqual(await scene.roles(groupId), [{ role: null }, { members: 0 }]);
  await scene.join(groupId);
  await scene.settle();
  await scene.repairLoss("low", async () => {
    await scene.join(groupId, "manager");
    await scene.settle();
    await scene.join(groupId);
  });
  await scene.leave(groupId);
  await scene.settle();
  assert.deepEqual(await scene.roles(groupId), [{ role: null }, { members: 0 }]);
});

test("a member who joins again during the repair stays", async () => {
  const groupId = await scene.newGroup();
  await scene.join(groupId);
  await scene.settle();
  await scene.lose("high", () => scene.leave(groupId));
  const tap = tapShards(scene.databases.shards);
  let hasJoined = false;
  tap.before = async (statement) => {
    if (hasJoined || !statement.includes("told.change > g.changes")) return;
    hasJoined = true;
    await scene.join(groupId);
  };
  await repairShardCopies({ ...scene.world, shards: tap.shards, lost: new Set(["high"]) });
  await scene.settle();
  assert.ok(hasJoined);
  assert.deepEqual(await scene.roles(groupId), [{ role: "member" }, { role: "member" }, { members: 1 }]);
});

test("a deletion of a group that either shard lost is repeated", async () => {
  for (const lost of ["low", "high"] as const) {
    const [groupId, folder] = [await scene.newGroup(), await scene.mkdir(`choir ${lost}`)];
    await scene.share(folder, groupId, "group");
    await scene.join(groupId);
    await scene.settle();
    const repaired = await scene.repairLoss(lost, () =>
      deleteGroup(scene.groupWorld(), scene.administrator(), groupId),
    );
    assert.equal(repaired["memberships"], 1);
    assert.equal(await scene.canRead(folder), false);
    assert.deepEqual(await scene.roles(groupId), [{ role: null }]);
    assert.deepEqual(await scene.rows(sql`select from shard.grants where grantee_id = ${groupId}`), []);
  }
});

test("a mount is known to its folder's shard again", async () => {
  const folder = await scene.mkdir();
  await scene.share(folder, scene.member.id);
  await scene.settle();
  assert.deepEqual(await scene.repairLoss("low", () => scene.mount(folder)), { mounts: 1 });
  assert.deepEqual(await scene.mounters(), [{ node_id: folder }]);
});

test("an ended mount is not known to its folder's shard", async () => {
  const folder = await scene.mkdir();
  await scene.share(folder, scene.member.id);
  await scene.settle();
  assert.deepEqual(await scene.repairLoss("high", () => scene.mount(folder)), { mounts: 1 });
  assert.deepEqual(await scene.mounters(), []);
});

test("a lost account is in no group and has no mounts", async () => {
  const [groupId, folder] = [await scene.newGroup(), await scene.mkdir("choir")];
  await scene.share(folder, groupId, "group");
  await scene.settle();
  const repaired = await scene.repairLoss("high", async () => {
    scene.member = await createUserIn(scene.accounts, 4001, scene.addressOn("high"));
    await scene.join(groupId);
    await scene.settle();
    await scene.mount(folder);
  });
  assert.deepEqual(repaired, { memberships: 1, mounts: 1 });
  assert.deepEqual(await scene.roles(groupId), [{ role: null }, { members: 0 }]);
  assert.deepEqual(await scene.mounters(), []);
});

test("shares with a group that its shard lost end", async () => {
  const folder = (await scene.callerOf(scene.member)).rootId;
  const repaired = await scene.repairLoss("low", async () => {
    const groupId = await scene.newGroup();
    await scene.join(groupId);
    await sql`insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
      values (${scene.member.space_id}, gen_random_uuid(), ${folder}, 'group', ${groupId}, 'viewer', ${scene.member.id}, 0)`.execute(
      scene.far(),
    );
  });
  assert.deepEqual(repaired, { memberships: 1, shares: 1 });
  assert.deepEqual(
    await scene.rows(sql`select from shard.grants where space_id = ${scene.member.space_id}`, scene.far()),
    [],
  );
  assert.deepEqual(
    await scene.rows(
      sql`select from shard.memberships where user_id = ${scene.member.id} and role is not null`,
      scene.far(),
    ),
    [],
  );
});
