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

test("another number tells another thing, but for one of the same birth where the numbers are new", () => {
  assert.equal(isDifferentItem(printOf(2n, 7n), printOf(1n, 7n), false), true);
  assert.equal(isDifferentItem(printOf(2n, 7n), printOf(1n, 7n), true), false);
  assert.equal(isDifferentItem(printOf(2n, 8n), printOf(1n, 7n), true), true);
  assert.equal(isDifferentItem(printOf(1n, 7n), printOf(1n, 7n), true), false);
  assert.equal(isDifferentItem(printOf(1n, 7n), undefined, true), true);
});

test("a birth that the disk does not know is the same as no other", () => {
  assert.equal(isDifferentItem(printOf(2n, 0n), printOf(1n, 0n), true), true);
});
