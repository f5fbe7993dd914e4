import assert from "node:assert/strict";
import { test } from "node:test";
import { DirtyPathTracker } from "./dirty-path-tracker.ts";

test("a hint with the path of a folder before a move by the engine leads to its present path", () => {
  const dirty = new DirtyPathTracker();
  dirty.take();
  dirty.add(new Set(["a/b"]));
  dirty.noteMove("a", ".holdfast/parked/1");
  dirty.noteMove(".holdfast/parked/1", "c");
  dirty.add(new Set(["a", "ab"]));
  assert.deepEqual(dirty.take(), new Set(["a/b", ".holdfast/parked/1/b", "c/b", "a", ".holdfast/parked/1", "c", "ab"]));
});

test("after a full scan no hint refers to the time before it", () => {
  const dirty = new DirtyPathTracker();
  dirty.noteMove("a", "b");
  assert.equal(dirty.take(), "all");
  dirty.add(new Set(["a"]));
  assert.deepEqual(dirty.take(), new Set(["a"]));
});

test("large numbers of dirty paths and moves are all kept", () => {
  const dirty = new DirtyPathTracker();
  dirty.take();
  for (let index = 0; index < 2000; index += 1) dirty.add(new Set([`folder ${index}/in it`]));
  for (let index = 0; index < 100; index += 1) dirty.noteMove(`folder ${index}`, `moved ${index}`);
  const dirtyPaths = dirty.take();
  assert.ok(dirtyPaths !== "all" && dirtyPaths.has("moved 99/in it") && dirtyPaths.has("folder 99/in it"));
  assert.equal(dirtyPaths.size, 2100);
});
