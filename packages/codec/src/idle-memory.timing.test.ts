import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { IdleMemory } from "./idle-memory.ts";

test("a heap grown by garbage shrinks", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const memory = new IdleMemory();
  let garbage: unknown[] | undefined = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
  const grown = process.memoryUsage().heapUsed;
  assert.equal(garbage.length, 1_000_000);
  garbage = undefined;
  memory.touched();
  mock.timers.tick(30_000);
  assert.ok(process.memoryUsage().heapUsed < grown - 20_000_000);
  mock.timers.reset();
});
