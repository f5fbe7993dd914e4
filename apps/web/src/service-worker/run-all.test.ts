import assert from "node:assert/strict";
import { test } from "node:test";
import { runAll } from "./run-all.ts";

test("all are run, so many at a time", async () => {
  let [running, most] = [0, 0];
  const done: number[] = [];
  await runAll(3, [1, 2, 3, 4, 5, 6, 7], async (item) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    done.push(item);
  });
  assert.deepEqual([done, most], [[1, 2, 3, 4, 5, 6, 7], 3]);
});

test("after one has failed no other is begun", async () => {
  const begun: number[] = [];
  const run = async (item: number) => {
    begun.push(item);
    await new Promise(setImmediate);
    if (item === 2) throw new TypeError("broken");
  };
  await assert.rejects(runAll(2, [1, 2, 3, 4, 5, 6], run), /broken/);
  await new Promise(setImmediate);
  assert.ok(begun.length < 6, String(begun));
});
