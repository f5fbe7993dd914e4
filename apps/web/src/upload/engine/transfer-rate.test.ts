import assert from "node:assert/strict";
import { test } from "node:test";
import { TransferRate } from "./transfer-rate.ts";

const kib = 1024;

test("the rate is known after the first bytes, and covers the last ten seconds", () => {
  const rate = new TransferRate();
  rate.add(0, 0);
  rate.add(1000, 5);
  assert.equal(rate.bytesPerSecond, undefined, "a tiny file");
  rate.add(2000, 400 * kib);
  assert.equal(rate.bytesPerSecond, 200 * kib);
  assert.equal(rate.secondsLeft(600 * kib), 3);
  for (let second = 3; second <= 30; second += 1) rate.add(second * 1000, (398 + second) * kib);
  assert.equal(rate.bytesPerSecond, kib);
  for (let second = 31; second <= 50; second += 1) rate.add(second * 1000, 428 * kib);
  assert.equal(rate.bytesPerSecond, 0, "nothing moves");
  assert.equal(rate.secondsLeft(600), undefined);
  rate.stop();
  assert.equal(rate.bytesPerSecond, undefined);
});

test("a canceled file does not change the rate of the others", () => {
  const rate = new TransferRate();
  rate.add(0, 0);
  rate.add(2000, 1000 * kib);
  rate.add(4000, 1200 * kib);
  assert.equal(rate.bytesPerSecond, 300 * kib);
  rate.add(6000, 400 * kib);
  assert.equal(rate.bytesPerSecond, 200 * kib);
});
