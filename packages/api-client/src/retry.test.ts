import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { RetryTimer } from "./retry.ts";

test("a full store and missing blocks are told at once, what is unavailable is waited for", async () => {
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
