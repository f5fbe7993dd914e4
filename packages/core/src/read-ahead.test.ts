import assert from "node:assert/strict";
import { test } from "node:test";
import { readAhead } from "./read-ahead.ts";

test("steps start in order, exactly as many ahead as allowed", async () => {
  const begun: number[] = [];
  const steps = Array.from({ length: 6 }, (_, number) => async () => {
    begun.push(number);
    return number;
  });
  const taken: number[] = [];
  for await (const number of readAhead(steps, 2)) {
    assert.equal(begun.length, Math.min(6, number + 3));
    taken.push(number);
  }
  assert.deepEqual(
    [taken, begun],
    [
      [0, 1, 2, 3, 4, 5],
      [0, 1, 2, 3, 4, 5],
    ],
  );
});

test("a failed step fails where its result would be returned", async () => {
  const steps = [1, 2, 3].map((number) => async () => {
    if (number === 2) throw new RangeError("two");
    return number;
  });
  const taken: number[] = [];
  const all = async (): Promise<void> => {
    for await (const number of readAhead(steps, 2)) taken.push(number);
  };
  await assert.rejects(all(), RangeError);
  assert.deepEqual(taken, [1]);
});
