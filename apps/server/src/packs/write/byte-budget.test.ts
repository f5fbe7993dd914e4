import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { ByteBudget } from "./byte-budget.ts";

test("work stays within the budget, runs in order, and always runs (random)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 30 }), async (sizes) => {
      const budget = new ByteBudget(100);
      const started: number[] = [];
      let spent = 0;
      const outcomes = sizes.map((sizeBytes, index) =>
        budget.spend(sizeBytes, async () => {
          started.push(index);
          spent += Math.min(sizeBytes, 100);
          assert.ok(spent <= 100);
          await new Promise((resolve) => void setImmediate(resolve));
          spent -= Math.min(sizeBytes, 100);
          if (index % 3 === 0) throw new Error("The work failed.");
        }),
      );
      await Promise.allSettled(outcomes);
      assert.deepEqual(started, [...sizes.keys()]);
    }),
    { numRuns: 50 },
  );
});
