import assert from "node:assert/strict";
import { test } from "node:test";
import type { Alone } from "./alone.ts";
import { Shared, withInner } from "./shared.ts";
import { chmod, file, withFile } from "./testing-privacy.ts";

const copy = "docs/a.txt";

async function closedCopy(): Promise<Shared> {
  const world = new Shared("viewer");
  await world.once();
  chmod(world, true, [copy]);
  await world.once();
  assert.equal(world.root.mustBeAt(copy).now.isPrivate, true);
  return world;
}

test("a read-only copy that a person made private is freed for its space", async () => {
  const world = await closedCopy();
  const engine = world.make();
  engine.exclude([copy], { freeSpace: true });
  await world.pass(engine.runOnce());
  assert.equal(world.root.at(copy), undefined);
  world.close();
});

test("a read-only copy that a person made private is removed with the copies of a signed-out device", async () => {
  const world = await closedCopy();
  const { removed, kept } = await world.clear();
  assert.deepEqual([removed, kept], [1, 0]);
  world.close();
});

test("a copy made private and not scanned since is also removed with the copies", async () => {
  const alone: Alone = await withFile();
  chmod(alone, true, [file]);
  const { removed, kept } = await alone.clear();
  assert.deepEqual([removed, kept], [1, 0]);
  alone.close();
});

test("the privacy of an editable folder in a read-only folder is synced both ways", async () => {
  const world = await withInner("viewer", "editor");
  const folder = "docs/inner";
  const privacy = () => [world.root.mustBeAt(folder).now.isPrivate, world.world.model.nodes.get("inner")?.isPrivate];
  chmod(world, true, [folder]);
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(privacy(), [true, true]);
  chmod(world, false, [folder]);
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(privacy(), [false, false]);
  world.owner({ op: "set", file_id: "inner", private: true });
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(privacy(), [true, true]);
  world.close();
});
