import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { windowsOf } from "./windows.ts";

test("windows contain all items in order, and exceed their limit only for a single larger item", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(20)),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 5 }),
      (items, bytesMax, countMax) => {
        const windows = windowsOf(items, { bytesMax, countMax, bytesOf: (item) => item });
        assert.deepEqual(windows.flat(), items);
        for (const window of windows) {
          const bytes = window.reduce((sum, item) => sum + item, 0);
          assert.ok(window.length >= 1 && window.length <= countMax && (bytes <= bytesMax || window.length === 1));
        }
      },
    ),
  );
});
