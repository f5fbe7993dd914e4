import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { TransferQueue, type Transfer } from "./transfer-queue.ts";

const all = (): boolean => true;

function transfer(
  name: string,
  run: Transfer["run"] = () => Promise.resolve(),
  leftover?: Transfer["leftover"],
): Transfer {
  return { id: name as NodeId, path: name, key: name, run, ...(leftover && { leftover }) };
}

async function isReported(queue: TransferQueue): Promise<boolean> {
  let results = false;
  void queue.ended(() => new Promise(() => undefined)).then(() => (results = true));
  for (let tick = 0; tick < 5; tick += 1) await setImmediate();
  return results;
}

test("a result for another portion of the plan is reported again until that portion is planned", async () => {
  const queue = new TransferQueue();
  const one = transfer("one");
  queue.update([one], all);
  assert.ok(await isReported(queue));
  queue.update([], (id) => id !== one.id);
  assert.ok((await isReported(queue)) && queue.isBusy);
  assert.deepEqual([...queue.update([one], all)], [["one", undefined]]);
  assert.ok(!(await isReported(queue)) && !queue.isBusy);
});

test("a success is reported in each update until it is used, and a failure once", async () => {
  const queue = new TransferQueue();
  const failure = new HoldfastError("quota", "No room.");
  const one = transfer("one");
  const wanted = [one, transfer("fails", () => Promise.reject(failure))];
  queue.update(wanted, all);
  await isReported(queue);
  const results = [["one", undefined] as const, ["fails", failure] as const];
  assert.deepEqual([...queue.update(wanted, all)], results);
  assert.deepEqual([...queue.update([one], all)], results.slice(0, 1));
  queue.take("one");
  assert.equal(queue.update([], all).size, 0);
  assert.ok(!queue.isBusy);
});

test("an obsolete transfer ends at its next part, and its leftovers are removed unless another needs them", async () => {
  const queue = new TransferQueue();
  const gate = Promise.withResolvers<void>();
  const removed: string[] = [];
  const leaves = (path: string): Transfer["leftover"] => ({ path, remove: async () => void removed.push(path) });
  const parts: string[] = [];
  const slow = transfer(
    "slow",
    async (advance) => {
      await gate.promise;
      parts.push("first");
      advance(1);
      parts.push("second");
    },
    leaves("part"),
  );
  queue.update([slow], all);
  await setImmediate();
  const next = transfer("next", undefined, leaves("part"));
  queue.update([next], all);
  gate.resolve();
  assert.ok(await isReported(queue));
  assert.deepEqual([parts, removed], [["first"], []]);
  queue.update([], all);
  assert.ok(await isReported(queue));
  assert.deepEqual([removed, queue.isBusy], [["part"], false]);
});

test("an unreachable server fails no other file, and the next update starts again", async () => {
  const queue = new TransferQueue();
  let isAway = true;
  const begun: string[] = [];
  const wanted = ["one", "two"].map((name) =>
    transfer(name, () => {
      begun.push(name);
      return isAway ? Promise.reject(new HoldfastError("unreachable", "Away.")) : Promise.resolve();
    }),
  );
  queue.update(wanted, all);
  await isReported(queue);
  assert.deepEqual(begun, ["one"]);
  isAway = false;
  assert.equal([...queue.update(wanted, all).keys()].join(), "one");
  await isReported(queue);
  queue.update(wanted, all);
  await isReported(queue);
  assert.deepEqual([...queue.update(wanted, all).keys()].toSorted(), ["one", "two"]);
});
