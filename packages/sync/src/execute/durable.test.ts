import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fingerprint } from "@holdfast/sync-ports/ports";
import { isDifferentItem } from "./durable.ts";

const printOf = (inode: bigint, birthNs: bigint): Fingerprint => ({
  inode,
  birthNs,
  sizeBytes: 0,
  mtimeNs: 1n,
  ctimeNs: 1n,
});

test("a different inode number means a different item, unless the birth time is equal and numbers are unstable", () => {
  assert.equal(isDifferentItem(printOf(2n, 7n), printOf(1n, 7n), false), true);
  assert.equal(isDifferentItem(printOf(2n, 7n), printOf(1n, 7n), true), false);
  assert.equal(isDifferentItem(printOf(2n, 8n), printOf(1n, 7n), true), true);
  assert.equal(isDifferentItem(printOf(1n, 7n), printOf(1n, 7n), true), false);
  assert.equal(isDifferentItem(printOf(1n, 7n), undefined, true), true);
});

test("unknown birth times do not prove that two items are the same", () => {
  assert.equal(isDifferentItem(printOf(2n, 0n), printOf(1n, 0n), true), true);
});
