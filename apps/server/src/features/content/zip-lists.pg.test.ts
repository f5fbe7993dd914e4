import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bucketOf, type GrantId, type NodeId, type SessionId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { newTestId } from "../../tree/testing/testing.ts";
import { expireCredentials } from "../accounts/sign-in/expire-credentials.ts";
import { openTestAccounts } from "../accounts/testing.ts";
import { readZipList, storeZipList } from "./zip-lists.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
after(() => databases.stop());

function accountOf(spaceId: SpaceId) {
  const credential = { kind: "session", id: newTestId<SessionId>() } as const;
  return { bucket: bucketOf(spaceId), spaceId, userId: newTestId<UserId>(), credential };
}

test("a list keeps its order, can be read until it expires, and is deleted afterwards", async () => {
  const world = await openTestAccounts(databases.shards);
  const spaceId = newTestId<SpaceId>();
  const ids = Array.from({ length: 300 }, () => newTestId<NodeId>()).toReversed();
  const id = await storeZipList(world, accountOf(spaceId), ids, world.clock.nowMs() + 1000);
  assert.deepEqual(await readZipList(world, id), ids);
  await expireCredentials(world);
  world.clock.forwardMs(999);
  assert.deepEqual(await readZipList(world, id), ids);
  world.clock.forwardMs(1);
  assert.deepEqual(await readZipList(world, id), []);
  await expireCredentials(world);
  const { rows } = await sql`select from shard.zip_lists where id = ${id}`.execute(databases.shards.ofId(id).db);
  assert.equal(rows.length, 0);
});

test("an account keeps its newest lists, without affecting other accounts and link visitors", async () => {
  const world = await openTestAccounts(databases.shards);
  const store = (caller: Parameters<typeof storeZipList>[1]) =>
    storeZipList(world, caller, [newTestId<NodeId>()], world.clock.nowMs() + 60_000);
  const busy = accountOf(newTestId<SpaceId>());
  const visitor = { ...busy, credential: { kind: "link", id: newTestId<GrantId>(), stamp: "" } as const };
  const others = [await store(accountOf(newTestId<SpaceId>())), await store(visitor)];
  const lists = [];
  for (let count = 0; count <= limits.zipListsMax; count += 1) {
    lists.push(await store(busy));
    world.clock.forwardMs(1);
  }
  const left = await Promise.all([...lists, ...others].map(async (id) => (await readZipList(world, id)).length));
  assert.deepEqual(left, [0, ...[...lists.slice(1), ...others].map(() => 1)]);
});
