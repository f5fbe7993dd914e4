import assert from "node:assert/strict";
import { test } from "node:test";
import { bounded, patience, readPatience, until } from "./bounded.ts";

test("a loop without an end fails and names its condition", async () => {
  await assert.rejects(
    until("the impossible", () => false, 20),
    { message: `Waited ${20 * patience} ms in vain: the impossible` },
  );
  const stillInTime = bounded("more of it", 20);
  assert.throws(() => {
    for (;;) stillInTime();
  }, /more of it/);
});

test("a later condition is awaited, and one that is already true is not", async () => {
  let isMet = false;
  setImmediate(() => (isMet = true));
  await until("a turn", () => isMet);
  await until("nothing", () => true, 0);
});

test("a slow condition is awaited by the real clock, even if a test mocks its own", async (t) => {
  let checks = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await until("many checks", () => (checks += 1) > 150);
  assert.equal(checks, 151);
});

test("HOLDFAST_PATIENCE is a positive number, and 1 by default", () => {
  assert.deepEqual([undefined, "", "3", "0.5"].map(readPatience), [1, 1, 3, 0.5]);
  for (const text of ["0", "-1", "three", "Infinity", "NaN", "1 s"])
    assert.throws(() => readPatience(text), { code: "invalid_field", message: /HOLDFAST_PATIENCE/ }, text);
});
