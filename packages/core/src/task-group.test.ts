import assert from "node:assert/strict";
import { test } from "node:test";
import { forEachBounded, mapBounded, TaskGroup } from "./task-group.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function* produced(items: readonly number[], failsAt?: number): AsyncGenerator<number> {
  for (const item of items) {
    await turn();
    if (item === failsAt) throw new RangeError("there are no more");
    yield item;
  }
}

test("all items are processed, started in order with limited concurrency, from any source", async () => {
  for (const items of [[1, 2, 3, 4, 5, 6, 7], new Set([1, 2, 3, 4, 5, 6, 7]), produced([1, 2, 3, 4, 5, 6, 7])]) {
    let [running, most] = [0, 0];
    const begun: number[] = [];
    await forEachBounded<number>(items, 3, async (item) => {
      begun.push(item);
      running += 1;
      most = Math.max(most, running);
      for (let left = 8 - item; left > 0; left -= 1) await turn();
      running -= 1;
    });
    assert.deepEqual([begun, running], [[1, 2, 3, 4, 5, 6, 7], 0]);
    assert.ok(most <= 3 && most > (Array.isArray(items) ? 2 : 0), String(most));
  }
  await forEachBounded([], 3, () => assert.fail());
});

test("results are in the order of the items, regardless of duration", async () => {
  const results = await mapBounded(["a", "b", "c"], 2, async (item, index) => {
    for (let left = 3 - index; left > 0; left -= 1) await turn();
    return `${item}${index}`;
  });
  assert.deepEqual(results, ["a0", "b1", "c2"]);
});

test("after a failure no other task starts, and it is reported once the running ones have ended", async () => {
  const [begun, ended]: [number[], number[]] = [[], []];
  const act = async (item: number) => {
    begun.push(item);
    await turn();
    if (item === 2) throw new TypeError("broken");
    await turn();
    ended.push(item);
  };
  await assert.rejects(forEachBounded([1, 2, 3, 4, 5, 6], 2, act), /broken/);
  assert.deepEqual([begun, ended], [[1, 2], [1]]);
  await assert.rejects(mapBounded([2, 2], 2, act), TypeError);
});

test("a failing item source is reported after the running tasks have ended", async () => {
  const ended: number[] = [];
  const act = async (item: number) => {
    for (let left = 5; left > 0; left -= 1) await turn();
    ended.push(item);
  };
  await assert.rejects(forEachBounded(produced([1, 2, 3], 3), 2, act), RangeError);
  assert.deepEqual(ended, [1, 2]);
});

test("a faster producer waits, and gets a failure at its next task or at the end", async () => {
  const tasks = new TaskGroup(1);
  let isOver = false;
  await tasks.start(async () => {
    await turn();
    isOver = true;
  });
  assert.equal(isOver, false);
  await tasks.start(() => Promise.reject(new TypeError("broken")));
  assert.equal(isOver, true);
  await assert.rejects(
    tasks.start(() => assert.fail()),
    TypeError,
  );
  await tasks.settle();
  await assert.rejects(tasks.finish(), TypeError);
});
