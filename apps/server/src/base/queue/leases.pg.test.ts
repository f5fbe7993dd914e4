import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import { z } from "zod";
import type { Shard } from "../db/shards.ts";
import { eventually } from "../../acceptance/testing.ts";
import { startTestDatabases, type TestDatabases } from "../db/testing.ts";
import type { Attempt } from "./kind.ts";
import { enqueueOn, messagesOn, openTestQueue } from "./testing.ts";

let databases: TestDatabases;
let shard: Shard;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
  shard = databases.shards.all()[0] as Shard;
});
after(() => databases.stop());

function steered() {
  const begun: { attempt: Attempt; end: () => void }[] = [];
  let next = Promise.withResolvers<void>();
  const work = async (_: unknown, attempt: Attempt) => {
    const end = Promise.withResolvers<void>();
    begun.push({ attempt, end: end.resolve });
    next.resolve();
    next = Promise.withResolvers<void>();
    await end.promise;
  };
  return { kinds: { slow: { schema: z.null(), work } }, begun, beginning: () => next.promise };
}

/** Leases are renewed by the test, independent of a slow machine. */
function holdIntervals(t: TestContext) {
  return t.mock.method(globalThis, "setInterval", () => setTimeout(() => {}, 2 ** 31 - 1));
}

test("a process paused for longer than its lease is reported, and its late results change nothing", async (t) => {
  const repeated = holdIntervals(t);
  const { kinds, begun, beginning } = steered();
  const paused = openTestQueue(databases.shards, kinds);
  t.after(() => paused.queue.stop());
  await paused.queue.idle();
  await enqueueOn(shard, { kind: "slow", payload: null });
  const first = beginning();
  paused.queue.kick(shard);
  await first;
  const renew = repeated.mock.calls[0]?.arguments[0] as () => void;

  const other = openTestQueue(databases.shards, kinds, paused.clock);
  t.after(() => other.queue.stop());
  paused.clock.forwardMs(61_000);
  await other.queue.idle();
  paused.clock.forwardMs(5000);
  const second = beginning();
  other.queue.kick(shard);
  await second;
  assert.equal(begun[1]?.attempt.attempt, 2);
  const aborted = new Promise((resolve) => begun[0]?.attempt.signal.addEventListener("abort", resolve));
  renew();
  await aborted;
  begun[0]?.end();
  await paused.queue.idle();
  assert.deepEqual(
    (await messagesOn(shard)).map(({ state, attempts }) => [state, attempts]),
    [["running", 2]],
  );
  begun[1].end();
  await other.queue.idle();
  assert.deepEqual(await messagesOn(shard), []);
});

test("a process keeps its messages while it renews their leases", async (t) => {
  const repeated = holdIntervals(t);
  const { kinds, begun, beginning } = steered();
  const one = openTestQueue(databases.shards, kinds);
  t.after(() => one.queue.stop());
  await one.queue.idle();
  await enqueueOn(shard, { kind: "slow", payload: null });
  const first = beginning();
  one.queue.kick(shard);
  await first;
  // Opened late, because a new queue looks at once and could claim the message first.
  const other = openTestQueue(databases.shards, kinds, one.clock);
  t.after(() => other.queue.stop());
  const renew = repeated.mock.calls[0]?.arguments[0] as () => void;
  for (let minutes = 0; minutes < 10; minutes += 1) {
    one.clock.forwardMs(59_000);
    renew();
    await eventually("the lease is renewed", 60_000, async () => {
      const [row] = await messagesOn(shard);
      return (row?.leased_until ?? 0) > one.clock.nowMicros() + 59_000_000 || undefined;
    });
    await other.queue.idle();
  }
  assert.equal(begun.length, 1);
  begun[0]?.end();
  await one.queue.idle();
  assert.deepEqual(await messagesOn(shard), []);
});
