import assert from "node:assert/strict";
import { test } from "node:test";
import { bounded, until } from "./bounded.ts";

test("a loop that comes to no end fails with what it waited for", async () => {
  await assert.rejects(
    until("the impossible", () => false, 20),
    { message: "Waited 20 ms in vain: the impossible" },
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
