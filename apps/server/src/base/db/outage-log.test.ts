import assert from "node:assert/strict";
import { test } from "node:test";
import { changedEveryMs, OutageLog, repeatedEveryMs } from "./outage-log.ts";

function opened() {
  const lines: string[] = [];
  const to = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const clock = { nowMs: 0 };
  const words = { level: "error", message: "it fails", over: "it works" } as const;
  const log = { info: to("info"), warn: to("warn"), error: to("error") };
  return { lines, clock, outage: new OutageLog(log, words, () => clock.nowMs) };
}

test("an outage is logged at its beginning, every five minutes, and at its end", () => {
  const { lines, clock, outage } = opened();
  outage.worked();
  for (; clock.nowMs < repeatedEveryMs + 3000; clock.nowMs += 1000) outage.failed({ reason: "full" });
  outage.worked();
  outage.worked();
  outage.failed({ reason: "full again" });
  assert.deepEqual(lines, [
    'error it fails {"reason":"full","failures":1}',
    'error it fails {"reason":"full","failures":301}',
    'info it works {"failures":303}',
    'error it fails {"reason":"full again","failures":1}',
  ]);
});

test("a changed reason of an outage is logged with the next failure, at most every ten seconds", () => {
  const { lines, clock, outage } = opened();
  const fail = (atMs: number, reason: string) => {
    clock.nowMs = atMs;
    outage.failed({ reason });
  };
  fail(0, "gone");
  fail(changedEveryMs - 1, "full");
  fail(changedEveryMs, "full");
  fail(changedEveryMs + 1, "gone");
  fail(3 * changedEveryMs, "full");
  fail(3 * changedEveryMs, "gone");
  assert.deepEqual(lines, [
    'error it fails {"reason":"gone","failures":1}',
    'error it fails {"reason":"full","failures":3}',
    'error it fails {"reason":"gone","failures":6}',
  ]);
});
