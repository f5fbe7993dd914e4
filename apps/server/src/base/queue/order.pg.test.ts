import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { seed } from "@holdfast/tools/properties";
import { sql } from "kysely";
import { z } from "zod";
import { makeTestClock } from "../../features/accounts/testing.ts";
import { inTransaction } from "../db/database.ts";
import type { Shard } from "../db/shards.ts";
import { startTestDatabases, type TestDatabases } from "../db/testing.ts";
import { enqueue } from "./enqueue.ts";
import type { Kinds } from "./kind.ts";
import { enqueueOn, messagesOn, openTestQueue } from "./testing.ts";

let databases: TestDatabases;
before(async () => (databases = await startTestDatabases({ fsync: false })));
after(() => databases.stop());

test(`messages of one key are handled one by one in commit order (HOLDFAST_SEED=${seed})`, async () => {
  const [shard] = databases.shards.all() as [Shard];
  const keys = ["a", "b", "c", "d"];
  // The row lock lasts until the commit, so a key's numbers follow commit order.
  await sql`create table public.counters (key text primary key, number int not null)`.execute(shard.db);
  for (const key of keys) await sql`insert into public.counters values (${key}, 0)`.execute(shard.db);
  const draw = seededRandom(seed);
  const running = new Set<string>();
  const overlaps: string[] = [];
  const done = new Map<string, number[]>();
  const kinds: Kinds = {
    state: {
      schema: z.object({ key: z.string(), number: z.number() }),
      work: async (payload) => {
        const { key, number } = payload as { key: string; number: number };
        if (running.has(key)) overlaps.push(`${key} ${number}`);
        running.add(key);
        for (let turns = Math.floor(draw() * 20); turns > 0; turns -= 1) await new Promise(setImmediate);
        running.delete(key);
        if (draw() < 0.2) throw new Error("not this time");
        done.set(key, [...(done.get(key) ?? []), number]);
      },
      concurrency: 3,
    },
  };
  const clock = makeTestClock(Date.now());
  const queues = [1, 2, 3].map(() => openTestQueue(databases.shards, kinds, clock));
  const commit = async () => {
    const key = keys[Math.floor(draw() * keys.length)] ?? "a";
    await inTransaction(shard.db, async (transaction) => {
      const { rows } = await sql<{ number: number }>`
        update public.counters set number = number + 1 where key = ${key} returning number`.execute(transaction);
      await enqueue(transaction, { kind: "state", key, payload: { key, number: rows[0]?.number } });
    });
    queues[Math.floor(draw() * 3)]?.queue.kick(shard);
    // The total is far below a lease, because nothing renews leases by this clock.
    clock.forwardMs(Math.floor(draw() * 200));
  };
  try {
    const writer = async () => {
      for (let count = 0; count < 60; count += 1) await commit();
    };
    await Promise.all([writer(), writer(), writer(), writer()]);
    for (let rounds = 0; (await messagesOn(shard)).length > 0; rounds += 1) {
      assert.ok(rounds < 60, "it comes to no end");
      for (const { queue } of queues) await queue.idle();
      clock.forwardMs(59_000);
    }
  } finally {
    for (const { queue } of queues) await queue.stop();
  }
  assert.deepEqual(overlaps, []);
  const { rows } = await sql<{ key: string; number: number }>`select * from public.counters`.execute(shard.db);
  for (const { key, number } of rows) {
    const numbers = done.get(key) ?? [];
    assert.ok(
      numbers.every((each, index) => index === 0 || each > (numbers[index - 1] ?? 0)),
      `${key}: ${numbers.join()}`,
    );
    assert.equal(numbers.at(-1), number, `the last of ${key} was not worked`);
  }
});

test("an owner with slow messages leaves the other slots to other owners", { timeout: 60_000 }, async () => {
  const [shard] = databases.shards.all() as [Shard];
  const released = Promise.withResolvers<void>();
  const othersDone = Promise.withResolvers<void>();
  const counts = { running: 0, most: 0, slow: 0, others: 0 };
  const kinds: Kinds = {
    call: {
      schema: z.object({ owner: z.string() }),
      work: async (payload) => {
        if ((payload as { owner: string }).owner !== "slow") {
          counts.others += 1;
          if (counts.others === 5) othersDone.resolve();
          return;
        }
        counts.running += 1;
        counts.most = Math.max(counts.most, counts.running);
        await released.promise;
        counts.running -= 1;
        counts.slow += 1;
      },
      concurrency: 4,
      perOwner: { field: "owner", most: 2 },
    },
  };
  const messages = (owner: string, count: number) =>
    Array.from({ length: count }, () => ({ kind: "call", payload: { owner } }));
  await enqueueOn(shard, ...messages("slow", 20), ...messages("first", 3), ...messages("second", 2));
  const first = openTestQueue(databases.shards, kinds);
  try {
    await othersDone.promise;
    // A second process has four places of its own, but none for this owner.
    const second = openTestQueue(databases.shards, kinds);
    await second.queue.idle();
    await second.queue.stop();
    assert.equal(counts.running, 2);
    released.resolve();
    while ((await messagesOn(shard)).length > 0) await first.queue.idle();
    assert.deepEqual(counts, { running: 0, most: 2, slow: 20, others: 5 });
  } finally {
    released.resolve();
    await first.queue.stop();
  }
});
