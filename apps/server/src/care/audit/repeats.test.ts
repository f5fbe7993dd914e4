import assert from "node:assert/strict";
import { test } from "node:test";
import { toBucket } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { AuditEntry, Recorded } from "./audit-entry.ts";
import { Repeats } from "./repeats.ts";

function gathered() {
  const recorded: (readonly [string | undefined, number | undefined])[] = [];
  const repeats = new Repeats(({ entry }: Recorded) => void recorded.push([entry.target, entry.count]));
  const add = (path: string, nowMs: number, more: Partial<AuditEntry> = {}) =>
    repeats.add(
      { bucket: toBucket(0), entry: { at: "", action: "file.read", result: "ok", target: path, ...more } },
      nowMs,
    );
  return { recorded, repeats, add };
}

test("the first event is recorded immediately, and its repetitions at the end of the minute", () => {
  const { recorded, repeats, add } = gathered();
  for (let nowMs = 0; nowMs < 10; nowMs += 1) add("/film", nowMs);
  add("/song", 10);
  assert.deepEqual(recorded, [
    ["/film", undefined],
    ["/song", undefined],
  ]);
  repeats.end(limits.auditRepeatMs - 1);
  assert.equal(recorded.length, 2);
  repeats.end(limits.auditRepeatMs + 10);
  assert.deepEqual(recorded.slice(2), [["/film", 9]]);
  add("/film", limits.auditRepeatMs + 11);
  assert.deepEqual(recorded.slice(3), [["/film", undefined]], "and a new minute begins");
});

test("events are separate by account, address and result", () => {
  const { recorded, add } = gathered();
  add("/film", 0, { user_id: "ann" });
  add("/film", 0, { user_id: "ben" });
  add("/film", 0, { user_id: "ann", address: "192.0.2.1" });
  add("/film", 0, { user_id: "ann", result: "not_found" });
  assert.equal(recorded.length, 4);
});

test("the oldest events are recorded early when there are too many", () => {
  const { recorded, add } = gathered();
  add("/0", 0);
  add("/0", 0);
  for (let number = 1; number <= limits.auditRepeatsMax; number += 1) add(`/${number}`, 0);
  assert.deepEqual(
    recorded.find(([path, count]) => path === "/0" && count === 1),
    ["/0", 1],
  );
});
