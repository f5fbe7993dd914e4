import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { toHoldfastError } from "@holdfast/core/errors";
import type { NodeId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import { makeTestClock } from "../accounts/testing.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { makeTestSpace, newTestId, type TestSpace } from "../../tree/testing/testing.ts";
import { grantTo } from "../../tree/rights/testing.ts";
import { grantNode } from "./grant-node.ts";
import { changePermission, listPermissions, removePermission } from "./permissions.ts";
import type { SharingWorld } from "./sharing-world.ts";
import { openTestSharing } from "./testing.ts";

let databases: TestDatabases;
let owner: TestSpace;
let editor: Caller;
let world: SharingWorld;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  owner = await makeTestSpace(databases.shards);
  const { caller } = await makeTestSpace(databases.shards);
  editor = {
    ...caller,
    receives: true,
    grantees: [caller.userId],
    groupIds: [],
    credential: { kind: "token", id: newTestId() },
    scopes: new Set(),
    admin: false,
  };
  world = openTestSharing(databases.shards, makeTestClock(), () => ({})).world;
});
after(() => databases.stop());

async function makeGivenOn() {
  const { db, caller } = owner;
  const { id } = await owner.mkdir("root", newTestId());
  await grantTo(db, { spaceId: caller.spaceId, nodeId: id, role: "editor", userId: editor.userId });
  const node: PlacedNode = await findNode(databases.shards, { ...editor }, id);
  const given = { kind: "user", grantee_id: newTestId<UserId>(), email: null, email_key: null } as const;
  const { grant } = await grantNode(world, editor, node, { ...given, role: "viewer", expires_at: null });
  return grant;
}

async function overtaken(work: () => Promise<unknown>, meanwhile: ReturnType<typeof sql>): Promise<string> {
  const { db, caller } = owner;
  const started = await db.transaction().execute(async (lock) => {
    await sql`select from shard.spaces where id = ${caller.spaceId} for update`.execute(lock);
    const doing = { ended: Promise.allSettled([work()]) };
    const waiting = sql<{ n: number }>`select count(*) as n from pg_stat_activity
      where wait_event_type = 'Lock' and datname = current_database()`;
    while ((await waiting.execute(db)).rows[0]?.n === 0) await new Promise(setImmediate);
    await meanwhile.execute(lock);
    return doing;
  });
  const [outcome] = await started.ended;
  return outcome?.status === "rejected" ? toHoldfastError(outcome.reason).code : "done";
}

const isThere = async (id: string) =>
  (await sql`select from shard.grants where id = ${id}`.execute(owner.db)).rows.length === 1;

for (const [what, change] of Object.entries({
  removes: (id: string) => removePermission(world, { ...editor }, id),
  changes: (id: string) => changePermission(world, { ...editor }, id, { role: "editor" }),
})) {
  test(`an editor ${what} no permission that the owner has granted again meanwhile`, async () => {
    const { id } = await makeGivenOn();
    const anew = sql`update shard.grants set created_by = ${owner.caller.userId}, via = null where id = ${id}`;
    assert.equal(await overtaken(() => change(id), anew), "forbidden");
    assert.equal(await isThere(id), true);
  });
}

test("an editor whose role was lowered meanwhile removes no permission", async () => {
  const { id, node_id: nodeId } = await makeGivenOn();
  const lowered = sql`update shard.grants set role = 'viewer' where node_id = ${nodeId} and grantee_id = ${editor.userId}`;
  assert.equal(await overtaken(() => removePermission(world, { ...editor }, id), lowered), "not_found");
  assert.equal(await isThere(id), true);
});

for (const [what, change] of Object.entries({
  grants: async (_id: string, nodeId: NodeId) => {
    const node = await findNode(databases.shards, { ...editor }, nodeId);
    const given = { kind: "user", grantee_id: newTestId<UserId>(), email: null, email_key: null } as const;
    return grantNode(
      world,
      { ...editor },
      node,
      { ...given, role: "viewer", expires_at: null },
      { ifMatch: ["stale"] },
    );
  },
  changes: (id: string) => changePermission(world, { ...editor }, id, { role: "viewer" }, { ifMatch: ["stale"] }),
  removes: (id: string) => removePermission(world, { ...editor }, id, { ifMatch: ["stale"] }),
})) {
  test(`If-Match discloses no state to an editor whose permission ended meanwhile: ${what}`, async () => {
    const { id, node_id: nodeId } = await makeGivenOn();
    assert.equal(await overtaken(() => change(id, nodeId), sql`select`), "precondition");
    const ended = sql`delete from shard.grants where node_id = ${nodeId} and grantee_id = ${editor.userId}`;
    assert.match(await overtaken(() => change(id, nodeId), ended), /^(?:forbidden|not_found)$/);
  });
}

test("an editor can remove permissions that they granted", async () => {
  const { id } = await makeGivenOn();
  await removePermission(world, { ...editor }, id);
  assert.equal(await isThere(id), false);
});

test("an editor who must not share cannot read permissions of a folder or its content", async () => {
  const { db, caller } = owner;
  const folder = await owner.mkdir("root", newTestId());
  const inner = await owner.mkdir(folder.id, "inner");
  await grantTo(db, { spaceId: caller.spaceId, nodeId: folder.id, role: "editor", userId: editor.userId });
  const list = async (who: Caller, id: string) =>
    (await listPermissions(world, who, await findNode(databases.shards, { ...who }, id))).length;
  assert.deepEqual([await list(editor, folder.id), await list(editor, inner.id)], [1, 1]);
  await sql`update shard.nodes set editors_can_share = false where id = ${folder.id}`.execute(db);
  for (const { id } of [folder, inner]) {
    await assert.rejects(list(editor, id), { code: "forbidden" });
    assert.equal(await list({ ...editor, ...caller }, id), 1);
  }
});
