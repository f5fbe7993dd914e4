import assert from "node:assert/strict";
import { test } from "node:test";
import { bounded, patience, readPatience, until } from "./bounded.ts";

test("a loop that comes to no end fails with what it waited for", async () => {
  await assert.rejects(
    until("the impossible", () => false, 20),
    { message: `Waited ${20 * patience} ms in vain: the impossible` },
  );
  const stillInTime = bounded("more of it", 20);
  assert.throws(() => {
    for (;;) stillInTime();
  }, /more of it/);
});

test("a condition that comes true later is waited for, and one that is true already is not", async () => {
  let isMet = false;
  setImmediate(() => (isMet = true));
  await until("a turn", () => isMet);
  await until("nothing", () => true, 0);
});

test("a condition that takes long to come true is waited for by the real clock, also where a test moves its own", async (t) => {
  let checks = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await until("many checks", () => (checks += 1) > 150);
  assert.equal(checks, 151);
});

test("HOLDFAST_PATIENCE is a positive number, and 1 where it is not set", () => {
  assert.deepEqual([undefined, "", "3", "0.5"].map(readPatience), [1, 1, 3, 0.5]);
  for (const text of ["0", "-1", "three", "Infinity", "NaN", "1 s"])
    assert.throws(() => readPatience(text), { code: "invalid_field", message: /HOLDFAST_PATIENCE/ }, text);
});
