import assert from "node:assert/strict";
import { test } from "node:test";
import { Suspicion } from "./suspicion.ts";

test("a hint that names a folder by the path that it had before the engine moved it leads to where it is", () => {
  const suspicion = new Suspicion();
  suspicion.take();
  suspicion.add(new Set(["a/b"]));
  suspicion.noteMove("a", ".holdfast/parked/1");
  suspicion.noteMove(".holdfast/parked/1", "c");
  suspicion.add(new Set(["a", "ab"]));
  assert.deepEqual(
    suspicion.take(),
    new Set(["a/b", ".holdfast/parked/1/b", "c/b", "a", ".holdfast/parked/1", "c", "ab"]),
  );
});

test("after a look at everything no hint is older than that", () => {
  const suspicion = new Suspicion();
  suspicion.noteMove("a", "b");
  assert.equal(suspicion.take(), "all");
  suspicion.add(new Set(["a"]));
  assert.deepEqual(suspicion.take(), new Set(["a"]));
});

test("many suspects and many moves are all kept", () => {
  const suspicion = new Suspicion();
  suspicion.take();
  for (let index = 0; index < 2000; index += 1) suspicion.add(new Set([`folder ${index}/in it`]));
  for (let index = 0; index < 100; index += 1) suspicion.noteMove(`folder ${index}`, `moved ${index}`);
  const suspects = suspicion.take();
  assert.ok(suspects !== "all" && suspects.has("moved 99/in it") && suspects.has("folder 99/in it"));
  assert.equal(suspects.size, 2100);
});
