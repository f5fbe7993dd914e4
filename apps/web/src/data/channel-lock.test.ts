import assert from "node:assert/strict";
import { test } from "node:test";
import { holdByChannel } from "./channel-lock.ts";

test("tabs that share a lock run one at a time, and each gets its turn", async () => {
  const name = crypto.randomUUID();
  let running = 0;
  const order: number[] = [];
  const run = (tab: number) => async () => {
    running += 1;
    assert.equal(running, 1, "two run at once");
    await new Promise((resolve) => setImmediate(resolve));
    order.push(tab);
    running -= 1;
    return tab;
  };
  const tabs = [0, 1, 2, 3];
  assert.deepEqual(await Promise.all(tabs.map((tab) => holdByChannel(name, run(tab)))), tabs);
  assert.deepEqual(
    order.toSorted((one, other) => one - other),
    tabs,
  );
});

test("a waiting tab can give up, and a failed holder releases the lock to the next tab", async () => {
  const name = crypto.randomUUID();
  const ending = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const first = holdByChannel(name, () => {
    started.resolve();
    return ending.promise;
  });
  await started.promise;
  const leaving = new AbortController();
  const second = holdByChannel(name, () => Promise.resolve("ran"), leaving.signal);
  const reason = new Error("left");
  leaving.abort(reason);
  await assert.rejects(second, (thrown) => thrown === reason);
  const third = holdByChannel(name, () => Promise.resolve("ran"));
  ending.reject(new Error("failed"));
  await assert.rejects(first, /failed/);
  assert.equal(await third, "ran");
});
