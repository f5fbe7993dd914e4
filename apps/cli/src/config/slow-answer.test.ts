import assert from "node:assert/strict";
import { test } from "node:test";
import { noticedIfSlow } from "./slow-answer.ts";

test("work longer than 5 s is reported once, and shorter work is not", async () => {
  let notices = 0;
  const onSlow = (): void => void (notices += 1);
  const delays: number[] = [];
  const late = Promise.withResolvers<string>();
  const wait = async (delayMs: number): Promise<void> => void delays.push(delayMs);
  const slow = noticedIfSlow(() => late.promise, onSlow, wait);
  await new Promise(setImmediate);
  late.resolve("answer");
  assert.deepEqual([await slow, notices, delays], ["answer", 1, [5000]]);

  const untilEnded = (_: number, signal: AbortSignal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  assert.equal(await noticedIfSlow(() => Promise.resolve("soon"), onSlow, untilEnded), "soon");
  await new Promise(setImmediate);
  assert.equal(notices, 1);
});
