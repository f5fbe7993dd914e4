import assert from "node:assert/strict";
import { test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import { limits } from "@holdfast/core/limits";
import { Alone } from "./alone.ts";

const many = limits.batchOperationsMax + 2;
const name = (index: number): string => `${index}`;

/** Renames each folder to another one's name, through a free name. */
async function renameFolders(to: (index: number) => number): Promise<void> {
  const alone = new Alone();
  for (let index = 0; index < many; index += 1) alone.mkdir(name(index));
  assert.ok((await alone.once()).inSync);
  const ids = Array.from({ length: many }, (_, index) => alone.serverId(name(index)));
  for (let index = 0; index < many; index += 1) alone.move(name(index), `on its way ${index}`);
  for (let index = 0; index < many; index += 1) alone.move(`on its way ${index}`, name(to(index)));
  alone.write("beside", "beside");
  assert.deepEqual(await alone.once(), { inSync: true, problems: [], deletionsWaiting: 0 });
  const { nodes } = alone.world.model;
  for (const [index, id] of ids.entries()) assert.equal(nodes.get(id)?.name, name(to(index)));
  assert.deepEqual(alone.serverPaths(), alone.diskPaths());
  assert.equal(alone.serverPaths().length, many + 1);
  alone.close();
}

longTest("more folders swap names in pairs than fit in one request", async () => {
  await renameFolders((index) => many - 1 - index);
});

longTest("more folders change places in one cycle than fit in one request", async () => {
  await renameFolders((index) => (index + 1) % many);
});

test("a folder moved into a new one that gets its name moves with more items than fit in one request", async () => {
  const alone = new Alone();
  alone.mkdir("docs");
  for (let index = 0; index < many; index += 1) alone.write(name(index), name(index));
  assert.ok((await alone.once()).inSync);
  const [docs, first] = [alone.serverId("docs"), alone.serverId(name(0))];
  alone.mkdir("new");
  alone.move("docs", "new/docs");
  for (let index = 0; index < many; index += 1) alone.move(name(index), `new/${index}`);
  alone.move("new", "docs");
  // Long enough ago to count as unchanging.
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 10_000_000, () => false);
  assert.deepEqual(await alone.once(), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual([alone.serverId("docs/docs"), alone.serverId("docs/0")], [docs, first]);
  assert.deepEqual(alone.serverPaths(), alone.diskPaths());
  assert.equal(alone.serverPaths().length, many + 2);
  alone.close();
});
