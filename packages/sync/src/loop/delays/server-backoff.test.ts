import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { ServerBackoff } from "./server-backoff.ts";

const longest = () => Uint8Array.of(255);

/** Returns the longest possible waits of a client that retries after each of them. */
function waitsWithin(timeMs: number, code: "unreachable" | "failed"): number[] {
  const backoff = new ServerBackoff();
  const waits: number[] = [];
  for (let nowMs = 0; nowMs < timeMs; nowMs += waits.at(-1)!) {
    backoff.note(new HoldfastError(code, "It failed."), nowMs);
    waits.push(backoff.delayMs(longest, nowMs));
  }
  return waits;
}

test("an unreachable server is retried every few seconds for a minute, and then with increasing delays", () => {
  const first = waitsWithin(60_000, "unreachable");
  assert.ok(first.every((each) => each <= 4000) && first.length < 20, String(first));
  const day = waitsWithin(24 * 3600_000, "unreachable");
  assert.equal(day.at(-1), 60_000);
  assert.ok(day.length < 24 * 60 + 100, `${day.length} tries in a day`);
  assert.deepEqual(
    day,
    day.toSorted((left, right) => left - right),
  );
});

test("other failures are retried with increasing delays immediately, and a success resets them", () => {
  assert.deepEqual(waitsWithin(120_000, "failed"), [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
  const backoff = new ServerBackoff();
  for (let count = 0; count < 9; count += 1) backoff.note(new HoldfastError("unreachable", "It is away."), 0);
  assert.equal(backoff.delayMs(longest, 3600_000), 60_000);
  backoff.forget();
  backoff.note(new HoldfastError("unreachable", "It is away."), 3600_000);
  assert.equal(backoff.delayMs(longest, 3600_000), 1000);
});
