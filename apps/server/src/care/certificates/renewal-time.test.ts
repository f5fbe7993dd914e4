import assert from "node:assert/strict";
import { test } from "node:test";
import { renewalDueMs, retryWaitMs } from "./renewal-time.ts";

const [minuteMs, hourMs, dayMs] = [60_000, 3600_000, 24 * 3600_000];

test("a certificate is renewed when a third of its lifetime is left, or randomly a little earlier", () => {
  const lifetime = { fromMs: 1000 * dayMs, untilMs: 1090 * dayMs };
  assert.equal(renewalDueMs(lifetime, 0), 1060 * dayMs);
  assert.equal(renewalDueMs(lifetime, 1), 1055.5 * dayMs);
});

test("the wait grows with each failure, and the first hour has at most five attempts", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100].map((failures) => retryWaitMs({ failures }, 0) / minuteMs);
  assert.deepEqual(waits, [2, 8, 20, 40, 60, 120, 240, 360, 360, 360]);
  let [tries, atMs] = [1, 0];
  while ((atMs += retryWaitMs({ failures: tries }, 0)) < hourMs) tries += 1;
  assert.ok(tries <= 5, `${tries} tries`);
  assert.equal(retryWaitMs({ failures: 1 }, 0.999) < 3 * minuteMs, true);
});

test("an authority's Retry-After is respected, up to a week", () => {
  assert.equal(retryWaitMs({ failures: 1, retryAfterMs: 5 * hourMs }, 0), 5 * hourMs);
  assert.equal(retryWaitMs({ failures: 5, retryAfterMs: 1000 }, 0), hourMs);
  assert.equal(retryWaitMs({ failures: 1, retryAfterMs: 1e15 }, 0), 7 * dayMs);
  assert.equal(retryWaitMs({ failures: 1, retryAfterMs: 2 * hourMs, leftMs: hourMs }, 0), 2 * hourMs, "though it ends");
});

test("attempts become more frequent as the current certificate nears its end", () => {
  const waits = [80 * dayMs, 8 * hourMs, 8 * minuteMs, 2000, 0, -dayMs].map((leftMs) =>
    retryWaitMs({ failures: 8, leftMs }, 0),
  );
  assert.deepEqual(waits, [6 * hourMs, hourMs, minuteMs, 1000, 6 * hourMs, 6 * hourMs]);
});
