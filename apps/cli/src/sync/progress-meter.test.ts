import assert from "node:assert/strict";
import { test } from "node:test";
import { ProgressMeter } from "./progress-meter.ts";
import { restingStatus } from "./testing-status.ts";

const mib = 2 ** 20;

test("bytes in transit count before the engine counts their block, and never decrease", () => {
  const meter = new ProgressMeter();
  const doneAfter = (seconds: number, bytesDone: number, travelled: number, bytes = 100 * mib): number => {
    const now = { ...restingStatus.now, changes: 1, bytes, bytesDone };
    const progress = { ...restingStatus.progress, bytesUp: 7 * mib + bytesDone };
    return (
      meter.after(seconds * 1000, { ...restingStatus, pendingFiles: 1, now, progress }, { travelledBytes: travelled })
        .bytes.done / mib
    );
  };
  assert.equal(doneAfter(0, 0, 50 * mib), 0, "what travelled before the plan does not count");
  assert.equal(doneAfter(1, 0, 51 * mib), 1);
  assert.equal(doneAfter(2, 0, 60 * mib), 10);
  assert.equal(doneAfter(3, 9 * mib, 61 * mib), 10, "what was sent beside the block");
  assert.equal(doneAfter(4, 9 * mib, 63 * mib), 11);
  assert.equal(doneAfter(4, 9 * mib, 63 * mib, 101 * mib), 11, "something more to do");
  assert.equal(doneAfter(5, 9 * mib, 900 * mib, 101 * mib), 101);
  assert.equal(doneAfter(6, 0, 900 * mib, 5 * mib), 0, "another plan");
});

test("a small file that completes beside a long one does not stop the count of the long one", () => {
  const meter = new ProgressMeter();
  const doneAfter = (seconds: number, counted: number, travelled: number): number => {
    const now = { ...restingStatus.now, changes: 2, bytes: 100 * mib, bytesDone: counted };
    const progress = { ...restingStatus.progress, bytesUp: counted };
    return meter.after(
      seconds * 1000,
      { ...restingStatus, pendingFiles: 1, now, progress },
      { travelledBytes: travelled },
    ).bytes.done;
  };
  assert.equal(doneAfter(0, 0, 0), 0);
  assert.equal(doneAfter(1, 0, 3 * mib), 3 * mib, "a part of a block of 4 MiB");
  assert.equal(doneAfter(2, 1000, 3.25 * mib), 3.25 * mib, "a small file was counted");
  assert.equal(doneAfter(3, 1000, 3.5 * mib), 3.5 * mib);
  assert.equal(doneAfter(4, 4 * mib + 1000, 4.25 * mib), 4 * mib + 1000, "the block was counted");
  assert.equal(doneAfter(5, 4 * mib + 1000, 5.25 * mib), 5 * mib + 1000);
});

test("several plans without work have no share", () => {
  const now = { ...restingStatus.now, changes: 0, stage: "parts" as const };
  assert.equal(new ProgressMeter().after(0, { ...restingStatus, now }).share, undefined);
});

test("the share never decreases within one stretch of work, and is unknown when much more has been found", () => {
  const meter = new ProgressMeter();
  const shareAfter = (done: number, changes: number, stretch = 1): number | undefined => {
    const now = { ...restingStatus.now, changes, stretch, stage: "parts" as const, isAll: false };
    return meter.after(0, { ...restingStatus, pendingFiles: changes - done, now }).share;
  };
  assert.equal(shareAfter(50, 100), 0.5);
  assert.equal(shareAfter(51, 104), 0.5, "a few more to do");
  assert.equal(shareAfter(51, 500), undefined);
  assert.equal(shareAfter(300, 500), 0.6);
  assert.equal(shareAfter(1, 10, 2), 0.1, "another stretch of work");
});

test("beside a long file on a slow line, many small changes count for little", () => {
  for (const limits of [{}, { upBytesPerSecond: 100 * 1024 }]) {
    const meter = new ProgressMeter();
    const after = (seconds: number, bytesDone: number, done: number): ReturnType<ProgressMeter["after"]> => {
      const now = { ...restingStatus.now, changes: 400, bytes: 3 * mib, bytesDone };
      const progress = { ...restingStatus.progress, bytesUp: bytesDone };
      const status = { ...restingStatus, pendingFiles: 400 - done, now, progress };
      return meter.after(seconds * 1000, status, { travelledBytes: bytesDone, limits });
    };
    const kib = 1024;
    for (let second = 0; second < 15; second += 1) after(second, second * 100 * kib, 0);
    const half = after(15, 1536 * kib, 0);
    assert.ok(half.share !== undefined && half.share > 0.4 && half.share < 0.5, String(half.share));
    assert.ok(half.secondsLeft !== undefined && half.secondsLeft < 20, String(half.secondsLeft));
    const whole = after(30, 3 * mib, 0);
    assert.ok(whole.share !== undefined && whole.share > 0.9, String(whole.share));
  }
});

test("with a limit, small changes at the start leave the share to the long file", () => {
  const meter = new ProgressMeter();
  const shareAfter = (seconds: number, done: number): number | undefined => {
    const now = { ...restingStatus.now, changes: 400, bytes: 3 * mib, bytesDone: 0 };
    const status = { ...restingStatus, pendingFiles: 400 - done, now };
    return meter.after(seconds * 1000, status, { travelledBytes: done * 500, limits: { upBytesPerSecond: 100 * 1024 } })
      .share;
  };
  assert.equal(shareAfter(0, 0), 0);
  const share = shareAfter(2, 399);
  assert.ok(share !== undefined && share < 0.2, String(share));
});
