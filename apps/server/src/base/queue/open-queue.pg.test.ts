import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { until } from "@holdfast/tools/bounded";
import { sql } from "kysely";
import { z } from "zod";
import { startTwoTestShards, type TestDatabases } from "../db/testing.ts";
import type { Shard } from "../db/shards.ts";
import { enqueue } from "./enqueue.ts";
import type { Attempt, Kinds } from "./kind.ts";
import { enqueueOn, messagesOn, openTestQueue, type TestQueue } from "./testing.ts";

describe("Queue", () => {
  let databases: TestDatabases;
  let first: Shard;
  let second: Shard;
  let opened: TestQueue[] = [];
  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
    [first, second] = databases.shards.all() as [Shard, Shard];
  });
  beforeEach(async () => {
    for (const { db } of databases.shards.all()) await sql`truncate shard.messages, shard.tasks`.execute(db);
  });
  afterEach(async () => {
    for (const { queue } of opened) await queue.stop();
    opened = [];
  });
  after(() => databases.stop());

  const open = (kinds: Kinds, clock?: TestQueue["clock"]) => {
    const queue = openTestQueue(databases.shards, kinds, clock);
    opened.push(queue);
    return queue;
  };
  const textKind = (work: (text: string, attempt: Attempt) => Promise<void> | void = () => {}) => {
    const texts: string[] = [];
    const kind = {
      schema: z.string(),
      work: async (payload: unknown, attempt: Attempt) => {
        texts.push(payload as string);
        await work(payload as string, attempt);
      },
    };
    return { texts, kind };
  };

  test("leaves messages of kinds that only a newer version has", async () => {
    const { texts, kind } = textKind();
    const { queue } = open({ text: kind });
    await enqueueOn(first, { kind: "newer", payload: "for a newer worker" });
    await enqueueOn(first, { kind: "text", payload: "for this worker" });
    await queue.idle();
    assert.deepEqual(texts, ["for this worker"]);
    const { rows } = await sql<{ kind: string; state: string; attempts: number }>`
      select kind, state, attempts from shard.messages`.execute(first.db);
    assert.deepEqual(rows, [{ kind: "newer", state: "waiting", attempts: 0 }]);
  });

  test("handles messages of committed transactions on their shard, and none of failed transactions", async () => {
    const { texts, kind } = textKind();
    const { queue } = open({ text: kind });
    await enqueueOn(first, { kind: "text", payload: "on the first" });
    await enqueueOn(second, { kind: "text", payload: "on the second" });
    const failed = first.db.transaction().execute(async (transaction) => {
      await enqueue(transaction, { kind: "text", payload: "never happened" });
      throw new HoldfastError("conflict", "no");
    });
    await assert.rejects(failed, /no/);
    await queue.idle();
    assert.deepEqual(texts.toSorted(), ["on the first", "on the second"]);
    assert.deepEqual([...(await messagesOn(first)), ...(await messagesOn(second))], []);
  });

  test("handles a message immediately after a kick", async () => {
    const { texts, kind } = textKind();
    const { queue } = open({ text: kind });
    await queue.idle();
    await enqueueOn(second, { kind: "text", payload: "now" });
    queue.kick(second);
    await until("the message is worked", () => texts.length === 1);
  });

  test("retries after 5 s, then with doubled delays, and counts the attempts", async () => {
    const attempts: number[] = [];
    const { texts, kind } = textKind((_, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 4) throw new Error(`attempt ${attempt}`);
    });
    const { queue, clock } = open({ text: kind });
    await enqueueOn(first, { kind: "text", payload: "stubborn" });
    for (const delayMs of [5000, 10_000, 20_000]) {
      await queue.idle();
      const count = texts.length;
      const [row] = await messagesOn(first);
      assert.equal(row?.problem, `attempt ${count}`);
      clock.forwardMs(delayMs - 1);
      await queue.idle();
      assert.equal(texts.length, count, "it came too early");
      clock.forwardMs(1);
    }
    await queue.idle();
    assert.deepEqual(attempts, [1, 2, 3, 4]);
    assert.deepEqual(await messagesOn(first), []);
  });

  test("gives up a message after a day, keeps it and logs that once", async () => {
    const { texts, kind } = textKind(() => {
      throw new HoldfastError("unavailable", "nobody there");
    });
    const { queue, clock, lines } = open({ text: { ...kind, delayMsMax: 3600_000 } });
    await enqueueOn(first, { kind: "text", payload: "to nobody" });
    for (let hour = 0; hour < 40; hour += 1) {
      await queue.idle();
      clock.forwardMs(3600_000);
    }
    const [dead] = await messagesOn(first);
    assert.equal(dead?.state, "dead");
    assert.equal(dead.problem, "nobody there");
    assert.equal(dead.attempts, texts.length);
    assert.ok(texts.length >= 24 && texts.length <= 26, String(texts.length));
    assert.deepEqual(
      lines.filter(({ level }) => level === "error").map(({ fields }) => fields),
      [{ kind: "text", id: dead.id, attempts: dead.attempts, reason: "nobody there" }],
    );
  });

  test("gives up invalid and hopeless messages immediately, and handles the others", async () => {
    const { texts, kind } = textKind((text) => {
      if (text === "hopeless") throw new HoldfastError("failed", "there is no such mailbox");
    });
    const { queue } = open({ text: kind });
    await enqueueOn(
      first,
      { kind: "text", payload: { no: "text" } },
      { kind: "text", payload: "hopeless" },
      { kind: "unknown", payload: "of a newer version" },
      { kind: "text", payload: "good" },
    );
    await queue.idle();
    assert.deepEqual(texts.toSorted(), ["good", "hopeless"]);
    const rows = await messagesOn(first);
    assert.deepEqual(
      rows.map(({ state, attempts }) => [state, attempts]),
      [
        ["dead", 1],
        ["dead", 1],
        ["waiting", 0],
      ],
    );
    assert.match(rows[0]?.problem ?? "", /^(?:The payload|\w+) must be text\.$/);
    assert.equal(rows[1]?.problem, "there is no such mailbox");
  });

  test("handles a message only when it is due", async () => {
    const { texts, kind } = textKind();
    const { queue, clock } = open({ text: kind });
    await enqueueOn(first, { kind: "text", payload: "later", notBeforeMicros: clock.nowMicros() + 60_000_000 });
    await queue.idle();
    assert.deepEqual(texts, []);
    clock.forwardMs(60_000);
    await queue.idle();
    assert.deepEqual(texts, ["later"]);
  });

  test("handles only the newest pending or dead message of a key, separately for each kind", async () => {
    const { texts, kind } = textKind((text) => {
      if (text === "broken") throw new HoldfastError("failed", "broken");
    });
    const other = textKind();
    const { queue } = open({ text: kind, other: other.kind });
    await enqueueOn(first, { kind: "text", payload: "broken", key: "k" });
    await queue.idle();
    assert.equal((await messagesOn(first))[0]?.state, "dead");
    await enqueueOn(first, { kind: "text", payload: "1", key: "k" }, { kind: "other", payload: "o", key: "k" });
    await enqueueOn(first, { kind: "text", payload: "2", key: "k" }, { kind: "text", payload: "x", key: "l" });
    await queue.idle();
    assert.deepEqual(texts.toSorted(), ["2", "broken", "x"]);
    assert.deepEqual(other.texts, ["o"]);
    assert.deepEqual(await messagesOn(first), []);
  });

  test("handles the next message of a key after the running one ends, and drops that one if it fails", async () => {
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const { texts, kind } = textKind(async (text) => {
      if (text !== "old") return;
      begun.resolve();
      await end.promise;
    });
    const one = open({ text: kind });
    await enqueueOn(first, { kind: "text", payload: "old", key: "k" });
    one.queue.kick(first);
    await begun.promise;
    await enqueueOn(first, { kind: "text", payload: "new", key: "k" });
    await enqueueOn(first, { kind: "text", payload: "beside", key: "l" });
    const other = open({ text: kind }, one.clock);
    await other.queue.idle();
    assert.deepEqual(texts, ["old", "beside"], JSON.stringify(other.lines));
    end.reject(new Error("lost"));
    await one.queue.idle();
    assert.deepEqual(texts, ["old", "beside", "new"]);
    assert.deepEqual(await messagesOn(first), []);
  });

  test("returns unfinished messages at a stop without counting the attempt, and another process handles them", async () => {
    const begun = Promise.withResolvers<void>();
    const one = open({
      text: {
        schema: z.string(),
        work: (_, { signal }) => {
          begun.resolve();
          return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("cut"))));
        },
      },
    });
    await enqueueOn(first, { kind: "text", payload: "unfinished" });
    one.queue.kick(first);
    await begun.promise;
    await one.queue.stop();
    const attempts: number[] = [];
    const { texts, kind } = textKind((_, { attempt }) => void attempts.push(attempt));
    await open({ text: kind }).queue.idle();
    assert.deepEqual([texts, attempts], [["unfinished"], [1]]);
  });

  test("rejects a payload that is too large, together with its transaction", async () => {
    const payload = "x".repeat(limits.messageBytesMax);
    await assert.rejects(enqueueOn(first, { kind: "text", payload }), /more than 65536 bytes/);
  });

  test("handles no more messages at once than their kind allows, then the others", async () => {
    let running = 0;
    let most = 0;
    const { texts, kind } = textKind(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
    });
    const { queue } = open({ text: { ...kind, concurrency: 3 } });
    await enqueueOn(first, ...Array.from({ length: 20 }, (_, index) => ({ kind: "text", payload: String(index) })));
    await queue.idle();
    assert.equal(most, 3);
    assert.deepEqual(
      texts.map(Number),
      Array.from({ length: 20 }, (_, index) => index),
    );
  });
});
