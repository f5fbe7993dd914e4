import assert from "node:assert/strict";
import { getActiveResourcesInfo } from "node:process";
import test from "node:test";
import { within } from "./within.ts";

const late = () => "late" as const;

test("work in time returns its result or error, and leaves no timer", async () => {
  const timers = () => getActiveResourcesInfo().filter((each) => each === "Timeout").length;
  const before = timers();
  assert.equal(await within(60_000, Promise.resolve(undefined), late), undefined);
  await assert.rejects(within(60_000, Promise.reject(new Error("It failed.")), late), /It failed/);
  assert.equal(timers(), before);
});

test("late work is replaced, and its later error is ignored", async () => {
  const { promise, reject } = Promise.withResolvers<string>();
  assert.equal(await within(1, promise, late), "late");
  const failing = () => {
    throw new Error("It took too long.");
  };
  await assert.rejects(within(1, promise, failing), /too long/);
  reject(new Error("It failed later."));
  await assert.rejects(promise);
});
