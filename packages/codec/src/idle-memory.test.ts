import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { IdleMemory } from "./idle-memory.ts";

test("memory is released once after work and a pause, and not during work", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  let collected = 0;
  const memory = new IdleMemory(() => (collected += 1));
  mock.timers.tick(60_000);
  assert.equal(collected, 0, "nothing was done, so there is nothing to give back");
  for (let second = 0; second < 60; second += 5) {
    memory.touched();
    mock.timers.tick(5000);
  }
  assert.equal(collected, 0, "it was never silent");
  mock.timers.tick(60_000);
  assert.equal(collected, 1);
  memory.touched();
  mock.timers.tick(60_000);
  assert.equal(collected, 2);
  mock.timers.reset();
});
