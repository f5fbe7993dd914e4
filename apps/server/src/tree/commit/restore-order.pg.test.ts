import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { checkInvariants } from "../testing/invariants.ts";
import { makeTestSpace, type TestSpace } from "../testing/testing.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
after(() => databases.stop());

/** Random tree. `parents` are indices in the list of nodes, -1 is the root. `deleted` is in order. */
const story = fc.record({
  parents: fc.array(fc.nat(), { minLength: 2, maxLength: 9 }),
  deleted: fc.array(fc.nat(), { minLength: 1, maxLength: 7 }),
  restored: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
  keys: fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
  isOneBatch: fc.boolean(),
  isTaken: fc.boolean(),
  /** A folder that gets its own permissions if it was deleted itself: see `liveOrStandIn`. */
  shared: fc.nat(),
});
type Story = typeof story extends fc.Arbitrary<infer Value> ? Value : never;

function isFile(at: number): boolean {
  return at % 3 === 2;
}

async function treeAfter({ parents, deleted, shared, ...how }: Story, order: readonly number[]): Promise<string[]> {
  const space = await makeTestSpace(databases.shards);
  const ids: NodeId[] = [];
  for (const [at, drawn] of parents.entries()) {
    const folders = ids.filter((_, each) => !isFile(each));
    const parentId = folders[drawn % (folders.length + 1)] ?? "root";
    const made = isFile(at) ? await space.put(parentId, `${at}`, "x") : await space.mkdir(parentId, `${at}`);
    ids.push(made.id as NodeId);
  }
  for (const each of deleted) await space.commit([{ op: "delete", fileId: ids[each % ids.length] ?? "" }]);
  await sql`update shard.nodes set shared = true where id = ${ids[shared % ids.length]} and kind = 'folder' and trashed_at is not null`.execute(
    space.db,
  );
  if (how.isTaken)
    for (const at of parents.keys()) await space.commit([{ op: "mkdir", place: { parentId: "root", name: `${at}` } }]);
  const restores = order.map((each) => ({
    op: "restore" as const,
    fileId: ids[each] ?? "",
    onConflict: "rename" as const,
  }));
  const batches = how.isOneBatch ? [restores] : restores.map((each) => [each]);
  for (const batch of batches)
    for (const result of await space.commit(batch)) assert.ok(!("error" in result), JSON.stringify(result));
  await checkInvariants(space.db, space.caller.spaceId);
  return livePaths(space, ids);
}

async function livePaths(space: TestSpace, ids: readonly NodeId[]): Promise<string[]> {
  const { rows } = await sql<{ id: NodeId; path: string }>`
    with recursive live as (
      select n.id, '' collate "C" as path from shard.nodes n where n.space_id = ${space.caller.spaceId} and n.id = ${space.caller.rootId}
      union all
      select n.id, live.path || '/' || n.name from live
      join shard.nodes n on n.space_id = ${space.caller.spaceId} and n.parent_id = live.id and n.trashed_at is null
    ) select * from live`.execute(space.db);
  return rows.map(({ id, path }) => `${path} ${ids.indexOf(id)}`).toSorted();
}

test("restoring an item brings back only the folders above it", async () => {
  const space = await makeTestSpace(databases.shards);
  const [outer, other] = [await space.mkdir("root", "outer"), await space.mkdir("root", "other")];
  const inner = await space.mkdir(outer.id, "inner");
  const [wanted, beside] = [await space.put(inner.id, "wanted", "x"), await space.put(inner.id, "beside", "x")];
  for (const { id } of [wanted, outer]) await space.do({ op: "delete", fileId: id });
  const ids = [outer, inner, wanted, beside, other].map(({ id }) => id as NodeId);
  await space.do({ op: "restore", fileId: wanted.id });
  assert.deepEqual(await livePaths(space, ids), [
    " -1",
    "/other 4",
    "/outer -1",
    "/outer/inner -1",
    "/outer/inner/wanted 2",
  ]);
  await space.do({ op: "restore", fileId: outer.id });
  const whole = [" -1", "/other 4", "/outer 0", "/outer/inner 1", "/outer/inner/beside 3", "/outer/inner/wanted 2"];
  assert.deepEqual(await livePaths(space, ids), whole);
});

test("restoring any set of trashed items in any order gives the same tree (random)", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (drawn) => {
      const restored = [...new Set(drawn.restored.map((each) => each % drawn.parents.length))];
      const shuffled = restored.toSorted((one, other) => (drawn.keys[one % 5] ?? 0) - (drawn.keys[other % 5] ?? 0));
      const orders = [restored, restored.toReversed(), shuffled];
      const [first, ...others] = await Promise.all(orders.map((order) => treeAfter(drawn, order)));
      for (const other of others) assert.deepEqual(other, first, JSON.stringify(orders));
    }),
    { numRuns: isLongTier ? 80 : 10 },
  );
});

test("an item restored from a folder with its own permissions is hidden from those who only see the parent", async () => {
  const space = await makeTestSpace(databases.shards);
  const outer = await space.mkdir("root", "outer");
  const inner = await space.mkdir(outer.id, "inner");
  const file = await space.put(inner.id, "file", "x");
  await sql`update shard.nodes set shared = true where id = ${inner.id}`.execute(space.db);
  for (const { id } of [file, inner]) await space.do({ op: "delete", fileId: id });
  assert.equal((await space.do({ op: "restore", fileId: file.id })).path, "/inner/file");
  assert.equal((await space.do({ op: "restore", fileId: inner.id })).path, "/outer/inner");
  const ids = [outer, inner, file].map(({ id }) => id as NodeId);
  assert.deepEqual(await livePaths(space, ids), [" -1", "/outer 0", "/outer/inner 1", "/outer/inner/file 2"]);
});
