import assert from "node:assert/strict";
import { test } from "node:test";
import { timeText } from "@holdfast/protocol/values";
import { wireTime } from "./wire-operation.ts";

test("whatever time a filesystem tells of a file, the server takes it", () => {
  const second = 1_000_000_000n;
  for (const timeNs of [
    0n,
    -1n,
    2n ** 62n,
    300_000_000_000n * second,
    -100_000_000_000n * second,
    10n ** 22n * second,
  ]) {
    assert.ok(timeText.safeParse(wireTime(timeNs)).success, `${timeNs} ${wireTime(timeNs)}`);
  }
  assert.equal(wireTime(1_700_000_000_123_456_789n), "2023-11-14T22:13:20.123Z");
});
