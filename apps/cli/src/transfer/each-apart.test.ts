import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { fc } from "@holdfast/tools/properties";
import { eachApart } from "./each-apart.ts";

test("each bad item is refused, and each good one is done once, in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (good) => {
      const all = good.map((isGood, index) => ({ isGood, index }));
      const done: number[] = [];
      const refused: number[] = [];
      const act = (some: typeof all): Promise<void> => {
        if (some.some(({ isGood }) => !isGood)) return Promise.reject(new RangeError("bad"));
        return Promise.resolve();
      };
      await eachApart(all, {
        act: (some) => act([...some]),
        done: (some) => void done.push(...some.map(({ index }) => index)),
        refuse: ({ index }) => void refused.push(index),
      });
      assert.deepEqual(
        done,
        all.filter(({ isGood }) => isGood).map(({ index }) => index),
      );
      assert.deepEqual(
        refused,
        all.filter(({ isGood }) => !isGood).map(({ index }) => index),
      );
    }),
  );
});

test("a failure that all would meet ends it immediately", async () => {
  for (const code of ["unreachable", "unavailable", "unauthenticated", "store_full", "rate_limited"] as const) {
    let asked = 0;
    const act = (): Promise<void> => {
      asked += 1;
      return Promise.reject(new HoldfastError(code, "It is over."));
    };
    const steps = { act, done: () => {}, refuse: () => assert.fail("one is refused alone") };
    await assert.rejects(eachApart([1, 2, 3], steps), { code });
    assert.equal(asked, 1);
  }
});
