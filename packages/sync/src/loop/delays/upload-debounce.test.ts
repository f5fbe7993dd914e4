import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey } from "../../model/trees.ts";
import { UploadDebounce } from "./upload-debounce.ts";

const id = "n" as NodeId;

function see(ages: UploadDebounce, nowMs: number, sizeBytes: number, isSent = false): number | undefined {
  const content = `of ${sizeBytes}` as ContentKey;
  ages.observe([{ id, content, sizeBytes, isSent, sentBytes: 1000 }], nowMs);
  return ages.waitsUntilMs(id, nowMs);
}

test("a file that was emptied or more than halved waits 2 s, and one that shrank less does not", () => {
  assert.equal(see(new UploadDebounce(), 0, 0), 2_000);
  assert.equal(see(new UploadDebounce(), 0, 499), 2_000);
  assert.equal(see(new UploadDebounce(), 0, 500), undefined);
  const ages = new UploadDebounce();
  see(ages, 0, 0);
  assert.equal(see(ages, 1_000, 1200), undefined, "it was written anew");
});

test("a growing file waits from its third change within a minute, with increasing delays", () => {
  const ages = new UploadDebounce();
  assert.equal(see(ages, 0, 1001), undefined);
  see(ages, 1_000, 1001, true);
  assert.equal(see(ages, 2_000, 1002), undefined);
  see(ages, 3_000, 1002, true);
  assert.equal(see(ages, 4_000, 1003), 6_000);
  assert.equal(see(ages, 5_000, 1004), 9_000);
  assert.equal(see(ages, 6_000, 1005), 14_000);
});

test("a file with another kind of change before does not wait when it grows", () => {
  const ages = new UploadDebounce();
  for (const [nowMs, sizeBytes] of [1000, 900, 1000, 950, 1001].entries()) {
    assert.equal(see(ages, nowMs * 1_000, sizeBytes), undefined, `${sizeBytes} bytes`);
  }
});

test("no file waits longer than 30 s after its first unsent change", () => {
  const ages = new UploadDebounce();
  for (let nowMs = 0; nowMs < 30_000; nowMs += 1_000) {
    const untilMs = see(ages, nowMs, 1001 + nowMs);
    assert.ok(untilMs === undefined || untilMs <= 30_000);
  }
  assert.equal(see(ages, 30_000, 50_000), undefined);
});

test("a clock that is set back makes no file wait for it to catch up", () => {
  const ages = new UploadDebounce();
  see(ages, 10_000_000, 0);
  assert.equal(see(ages, 0, 0), 2_000);
});

test("the history of a file unchanged for a minute is forgotten", () => {
  const ages = new UploadDebounce();
  for (const nowMs of [0, 1_000, 2_000]) see(ages, nowMs, 1001 + nowMs);
  ages.observe([], 70_000);
  assert.deepEqual(ages.watched, []);
  assert.equal(see(ages, 70_000, 90_000), undefined);
});
