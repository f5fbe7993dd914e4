import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { RetryTimer } from "./retry.ts";

test("a full store and missing blocks fail immediately, and an unavailable server is waited for", async () => {
  const waits: number[] = [];
  const after = (code: ErrorCode): Promise<void> => {
    const options = {
      clock: { nowMs: () => 0, nowMicros: () => 0 },
      wait: async (delayMs: number) => waits.push(delayMs),
      attemptsMax: 8,
      patienceMs: 60_000,
    };
    const failure = new HoldfastError(code, "Not now.", { retryAfterSeconds: 30 });
    return new RetryTimer(options, () => new Uint8Array(2)).waitAfter(failure, true, undefined);
  };
  for (const code of ["store_full", "missing_blocks"] as const) await assert.rejects(after(code), { code });
  assert.deepEqual(waits, []);
  await after("unavailable");
  assert.deepEqual(waits, [30_000]);
});

test("a busy server is waited for as long as it asks, two minutes in total", async () => {
  let nowMs = 0;
  const options = {
    clock: { nowMs: () => nowMs, nowMicros: () => nowMs * 1000 },
    wait: async (delayMs: number) => void (nowMs += delayMs),
    attemptsMax: 8,
    patienceMs: 60_000,
  };
  const timer = new RetryTimer(options, () => new Uint8Array(2));
  const failure = new HoldfastError("rate_limited", "Too many calls.", { retryAfterSeconds: 60 });
  for (const _ of [1, 2]) {
    const before = nowMs;
    await timer.waitAfter(failure, true, undefined);
    assert.equal(nowMs - before, 60_000);
    // A large block is sent again in between, which takes time.
    nowMs += 300_000;
  }
  await assert.rejects(timer.waitAfter(failure, true, undefined), failure);
});

test("a server that refuses connections is tried until the patience ends, with the last attempt not after it", async () => {
  let nowMs = 0;
  const options = {
    clock: { nowMs: () => nowMs, nowMicros: () => nowMs * 1000 },
    wait: async (delayMs: number) => void (nowMs += delayMs),
    attemptsMax: 3,
    patienceMs: 2500,
  };
  // Short waits first, so that the next bound far exceeds the patience, and then a long wait.
  const jitters = [0, 0, 0, 0, 0, 0, 0x2000, 0xffff, 0xffff];
  const timer = new RetryTimer(options, () => {
    const jitter = jitters.shift() ?? assert.fail("it goes on");
    return Uint8Array.of(jitter >> 8, jitter & 0xff);
  });
  const failure = new HoldfastError("unreachable", "Nobody is there.");
  await assert.rejects(async () => {
    for (;;) await timer.waitAfter(failure, true, undefined);
  }, failure);
  assert.equal(nowMs, options.patienceMs);
});
