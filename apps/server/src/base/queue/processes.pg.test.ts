import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { sql } from "kysely";
import { z } from "zod";
import { makeTestClock } from "../../features/accounts/testing.ts";
import type { Shard } from "../db/shards.ts";
import { startTwoTestShards, type TestDatabases } from "../db/testing.ts";
import { enqueueOn, messagesOn, openTestQueue, type TestQueue } from "./testing.ts";
import { type QueueProcess, startQueueProcess } from "./testing-process.ts";
import { longTest } from "@holdfast/tools/tiers";

let databases: TestDatabases;
let first: Shard;
let second: Shard;
let processes: QueueProcess[] = [];
let own: TestQueue | undefined;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  [first, second] = databases.shards.all() as [Shard, Shard];
});
afterEach(async () => {
  for (const process of processes) await process.kill();
  await own?.queue.stop();
  processes = [];
  own = undefined;
  for (const { db } of databases.shards.all()) await sql`truncate shard.messages`.execute(db);
});
after(() => databases.stop());

const start = () => {
  const started = startQueueProcess(databases.shards);
  processes.push(started);
  return started;
};
const leftOver = async () => [...(await messagesOn(first)), ...(await messagesOn(second))];

test("messages of a killed process are taken over when their lease ends, and count as a failed attempt", async () => {
  await enqueueOn(second, { kind: "hang", payload: null, key: "k" });
  const process = start();
  await process.hanging;
  await process.kill();
  assert.deepEqual(
    (await leftOver()).map(({ state }) => state),
    ["running"],
  );
  const attempts: number[] = [];
  const clock = makeTestClock(Date.now());
  own = openTestQueue(
    databases.shards,
    { hang: { schema: z.null(), work: async (_, { attempt }) => void attempts.push(attempt) } },
    clock,
  );
  await own.queue.idle();
  assert.deepEqual(attempts, [], "it was taken from a process that may live");
  // Longer than the lease and the delay of retries.
  clock.forwardMs(61_000);
  await own.queue.idle();
  const [waiting] = await leftOver();
  assert.deepEqual([waiting?.state, waiting?.problem], ["waiting", "The process that handled the message exited."]);
  clock.forwardMs(5000);
  await own.queue.idle();
  assert.deepEqual(attempts, [2]);
  assert.deepEqual(await leftOver(), []);
});

longTest("two processes share the messages, and those of a killed process are not lost", async () => {
  const count = 3000;
  const numbers = Array.from({ length: count }, (_, index) => index);
  for (const [index, shard] of [first, second].entries())
    await enqueueOn(shard, ...numbers.filter((n) => n % 2 === index).map((n) => ({ kind: "number", payload: n })));
  const [one, other] = [start(), start()];
  // Otherwise the first process could finish everything before the second starts.
  for (const process of [one, other]) process.mayWork(60);
  await Promise.all([one.hasWorked(50), other.hasWorked(50)]);
  await one.kill();
  other.mayWork(600);
  await other.hasWorked(500);
  await other.kill();
  const worked: number[] = [];
  const clock = makeTestClock(Date.now());
  own = openTestQueue(
    databases.shards,
    { number: { schema: z.number(), work: async (payload) => void worked.push(payload as number) } },
    clock,
  );
  await own.queue.idle();
  clock.forwardMs(120_000);
  await own.queue.idle();
  clock.forwardMs(10_000);
  await own.queue.idle();
  assert.deepEqual(await leftOver(), []);
  const all = [...one.worked, ...other.worked, ...worked];
  assert.deepEqual(
    [...new Set(all)].toSorted((left, right) => left - right),
    numbers,
  );
  // Only work that a killed process had begun is repeated.
  assert.ok(all.length - count <= 2 * 2 * 4, `${all.length - count} were worked twice`);
});

longTest("a stopping process returns its messages, and another continues them immediately", async () => {
  await enqueueOn(first, { kind: "hang", payload: null });
  const process = start();
  await process.hanging;
  await process.stop();
  const attempts: number[] = [];
  own = openTestQueue(databases.shards, {
    hang: { schema: z.null(), work: async (_, { attempt }) => void attempts.push(attempt) },
  });
  await own.queue.idle();
  assert.deepEqual(attempts, [1]);
});
