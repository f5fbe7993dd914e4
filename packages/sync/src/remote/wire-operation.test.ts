import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTime } from "@holdfast/core/times";
import { wireTime } from "./wire-operation.ts";

test("the server accepts any time of a file that a filesystem reports", () => {
  const second = 1_000_000_000n;
  for (const timeNs of [
    0n,
    -1n,
    2n ** 62n,
    300_000_000_000n * second,
    -100_000_000_000n * second,
    10n ** 22n * second,
  ]) {
    assert.doesNotThrow(() => parseTime(wireTime(timeNs)), `${timeNs} ${wireTime(timeNs)}`);
  }
  assert.equal(wireTime(1_700_000_000_123_456_789n), "2023-11-14T22:13:20.123456Z");
  assert.equal(wireTime(-1n), "1969-12-31T23:59:59.999999Z");
});
