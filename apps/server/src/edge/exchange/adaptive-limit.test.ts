import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { AdaptiveLimit } from "./adaptive-limit.ts";

function startLimit() {
  const loop = { atMs: 0, utilization: 0 };
  const limit = new AdaptiveLimit({ nowMs: () => loop.atMs, takeUtilization: () => loop.utilization });
  const later = (ms: number, utilization: number, inWork: number): number => {
    loop.atMs += ms;
    loop.utilization = utilization;
    return limit.max(inWork);
  };
  return { limit, later };
}

test("the limit falls below the work of a busy process, to at least 8, and only once in a window", () => {
  const { limit, later } = startLimit();
  assert.equal(limit.max(100), 4096);
  assert.equal(later(50, 1, 100), 75);
  assert.equal(later(49, 1, 75), 75);
  assert.equal(later(1, 1, 75), 56);
  for (let window = 0; window < 10; window += 1) later(50, 1, 56);
  assert.equal(later(50, 1, 0), 8);
});

test("the limit grows while the event loop has time, also for the time without a request", () => {
  const { later } = startLimit();
  later(50, 1, 10);
  assert.equal(later(50, 0.9, 8), 10);
  assert.equal(later(50, 0.5, 8), 13);
  assert.equal(later(100, 0.5, 8), 21);
  assert.equal(later(10_000, 0, 0), 4096);
});

test("an event loop that only works lowers the limit", async () => {
  const limit = new AdaptiveLimit();
  for (let window = 0; window < 3; window += 1) {
    const endMs = performance.now() + 60;
    while (performance.now() < endMs);
    await new Promise((resolve) => void setImmediate(resolve));
    limit.max(100);
  }
  const busy = limit.max(100);
  assert.ok(busy < 100, String(busy));
  await delay(200);
  assert.ok(limit.max(0) > busy);
});
