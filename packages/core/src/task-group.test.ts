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

test("all are done, begun in their order and so many at a time, whatever they come from", async () => {
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

test("results stand in the order of the items, however long each takes", async () => {
  const results = await mapBounded(["a", "b", "c"], 2, async (item, index) => {
    for (let left = 3 - index; left > 0; left -= 1) await turn();
    return `${item}${index}`;
  });
  assert.deepEqual(results, ["a0", "b1", "c2"]);
});

test("after one has failed no other is begun, and the failure is told once what was begun has ended", async () => {
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

test("where the items themselves fail, what was begun has ended before that is told", async () => {
  const ended: number[] = [];
  const act = async (item: number) => {
    for (let left = 5; left > 0; left -= 1) await turn();
    ended.push(item);
  };
  await assert.rejects(forEachBounded(produced([1, 2, 3], 3), 2, act), RangeError);
  assert.deepEqual(ended, [1, 2]);
});

test("a caller that produces faster waits, and hears of a failure at its next work or at the end", async () => {
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
