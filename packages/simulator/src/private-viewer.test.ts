import assert from "node:assert/strict";
import { test } from "node:test";
import type { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";
import { chmod, file, withFile } from "./testing-privacy.ts";

const copy = "docs/a.txt";

/** Returns a viewer who made the local copy private. */
async function closedCopy(): Promise<Shared> {
  const world = new Shared("viewer");
  await world.once();
  chmod(world, true, [copy]);
  await world.once();
  assert.equal(world.root.mustBeAt(copy).now.isPrivate, true);
  return world;
}

test("a copy that one may only read, and has closed, is freed for its space", async () => {
  const world = await closedCopy();
  const engine = world.make();
  engine.exclude([copy], { freeSpace: true });
  await world.pass(engine.runOnce());
  assert.equal(world.root.at(copy), undefined);
  world.close();
});

test("a copy that one may only read, and has closed, goes with the copies of a device that was signed out", async () => {
  const world = await closedCopy();
  const { removed, kept } = await world.clear();
  assert.deepEqual([removed, kept], [1, 0]);
  world.close();
});

test("a copy that was closed and not looked at since goes with the copies, too", async () => {
  const alone: Alone = await withFile();
  chmod(alone, true, [file]);
  const { removed, kept } = await alone.clear();
  assert.deepEqual([removed, kept], [1, 0]);
  alone.close();
});
