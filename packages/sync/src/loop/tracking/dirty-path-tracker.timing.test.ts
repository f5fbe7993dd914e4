import assert from "node:assert/strict";
import { test } from "node:test";
import { DirtyPathTracker } from "./dirty-path-tracker.ts";

test("adding a dirty path has constant cost", () => {
  const dirty = new DirtyPathTracker();
  dirty.take();
  const before = process.cpuUsage();
  for (let index = 0; index < 20_000; index += 1) dirty.add(new Set([`folder ${index}`]));
  // Copying the whole set each time takes 20 s and more and blocks everything. This takes about 10 ms.
  assert.ok(processorMsSince(before) < 3000);
  const dirtyPaths = dirty.take();
  assert.ok(dirtyPaths !== "all");
  assert.equal(dirtyPaths.size, 20_000);
});

test("the cost of a move does not grow with earlier moves", () => {
  const dirty = new DirtyPathTracker();
  dirty.take();
  dirty.add(new Set(Array.from({ length: 2000 }, (_, index) => `folder ${index}/in it`)));
  const before = process.cpuUsage();
  for (let index = 0; index < 1000; index += 1) dirty.noteMove(`folder ${index}`, `moved ${index}`);
  // Following all moves each time takes 20 s and more. This takes about 100 ms.
  assert.ok(processorMsSince(before) < 5000);
  const dirtyPaths = dirty.take();
  assert.ok(dirtyPaths !== "all" && dirtyPaths.has("moved 999/in it") && dirtyPaths.has("folder 999/in it"));
  assert.equal(dirtyPaths.size, 3000);
});

/** Returns the CPU time of this process, which excludes waiting on a busy machine. */
function processorMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
