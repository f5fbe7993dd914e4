import assert from "node:assert/strict";
import test from "node:test";
import { backoffMs, withEqualJitter } from "./backoff.ts";

test("delays double with each failure up to the maximum, also after thousands of failures", () => {
  const backoff = { firstMs: 250, maxMs: 10_000 };
  const delaysMs = [1, 2, 3, 6, 7, 5000].map((failures) => backoffMs(backoff, failures));
  assert.deepEqual(delaysMs, [250, 500, 1000, 8000, 10_000, 10_000]);
});

test("equal jitter keeps at least half of the delay", () => {
  assert.deepEqual(
    [0, 0.5, 1].map((random) => withEqualJitter(1000, random)),
    [500, 750, 1000],
  );
});
