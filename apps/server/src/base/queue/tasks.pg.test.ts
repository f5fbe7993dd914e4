import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { TaskId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { z } from "zod";
import { makeTestClock } from "../../features/accounts/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../db/testing.ts";
import { listMessages, removeMessage, retryMessage } from "./admin-messages.ts";
import { expireDeadMessages, expireTasks } from "./expire-messages.ts";
import { queueFigures } from "./figures.ts";
import type { Kind, Kinds } from "./kind.ts";
import type { Queue } from "./open-queue.ts";
import { finishTask, readTask, startTask } from "./tasks.ts";
import { enqueueOn, messagesOn, newUserId, openTestQueue } from "./testing.ts";

describe("Tasks and the administration of messages", () => {
  let databases: TestDatabases;
  let queues: Queue[] = [];
  before(async () => (databases = await startTwoTestShards({ fsync: false })));
  beforeEach(async () => {
    for (const { db } of databases.shards.all()) await sql`truncate shard.messages, shard.tasks`.execute(db);
  });
  afterEach(async () => {
    for (const queue of queues) await queue.stop();
    queues = [];
  });
  after(() => databases.stop());

  const open = (kinds: Kinds) => {
    const opened = openTestQueue(databases.shards, kinds);
    queues.push(opened.queue);
    return opened;
  };
  const kind = (work: Kind["work"]): Kind => ({ schema: z.unknown(), work });
  const failing = kind(() => Promise.reject(new HoldfastError("failed", "no such thing")));
  const start = async (userId: ReturnType<typeof newUserId>) => {
    const { db } = databases.shards.ofId(userId);
    return db.transaction().execute((transaction) => startTask(transaction, { userId, kind: "task", payload: {} }));
  };

  for (const half of [0, 1] as const) {
    test(`a task on shard ${half} is queued, running and done, and only its creator gets its result`, async () => {
      const userId = newUserId(half);
      const shard = databases.shards.ofId(userId);
      const id = await start(userId);
      const read = () => readTask(shard.db, userId, id);
      assert.deepEqual(await read(), { state: "queued", result: null });
      const seen: unknown[] = [];
      const { queue, clock } = open({
        task: kind(async (_, attempt) => {
          assert.equal(attempt.id, id);
          seen.push(await read());
          const nowMicros = clock.nowMicros();
          await finishTask(shard.db, { id, state: "done", result: { restored: 3 }, nowMicros });
          // Repeated, as after a crash between the two: the first end counts.
          await finishTask(shard.db, { id, state: "failed", result: null, nowMicros });
        }),
      });
      await queue.idle();
      assert.deepEqual(seen, [{ state: "running", result: null }]);
      assert.deepEqual(await read(), { state: "done", result: { restored: 3 } });
      assert.equal(await readTask(shard.db, newUserId(half), id), undefined);
    });
  }

  test("a task of a failed transaction does not exist", async () => {
    const userId = newUserId(0);
    const { db } = databases.shards.ofId(userId);
    let id = newUserId(0) as string as TaskId;
    const failed = db.transaction().execute(async (transaction) => {
      id = await startTask(transaction, { userId, kind: "task", payload: {} });
      throw new HoldfastError("conflict", "no");
    });
    await assert.rejects(failed);
    assert.equal(await readTask(db, userId, id), undefined);
    assert.deepEqual(await messagesOn(databases.shards.ofId(userId)), []);
  });

  test("a task that was given up has failed, can be retried, and fails permanently when it is removed", async () => {
    const userId = newUserId(1);
    const { db } = databases.shards.ofId(userId);
    const id = await start(userId);
    const { queue, clock } = open({ task: failing });
    await queue.idle();
    assert.deepEqual(await readTask(db, userId, id), {
      state: "failed",
      result: { code: "failed", detail: "no such thing" },
    });
    const { message, shard } = await retryMessage(databases.shards, id);
    assert.deepEqual([message.state, message.attempts, shard.id], ["waiting", 0, "high"]);
    assert.equal((await readTask(db, userId, id))?.state, "queued");
    await queue.idle();
    await removeMessage(databases.shards, id, clock.nowMicros());
    const removed = await readTask(db, userId, id);
    assert.equal(removed?.state, "failed");
    assert.match(JSON.stringify(removed.result), /administrator removed/);
    await assert.rejects(retryMessage(databases.shards, id), { code: "not_found" });
    await assert.rejects(removeMessage(databases.shards, id, 0), { code: "not_found" });
  });

  test("a running message cannot be retried", async () => {
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const { queue } = open({
      task: kind(() => {
        begun.resolve();
        return end.promise;
      }),
    });
    const userId = newUserId(0);
    const id = await start(userId);
    queue.kick(databases.shards.ofId(userId));
    await begun.promise;
    await assert.rejects(retryMessage(databases.shards, id), { code: "conflict", message: /is running/ });
    end.resolve();
    await queue.idle();
  });

  test("messages of all shards are listed by time in pages, optionally only dead ones", async () => {
    const [first, second] = databases.shards.all();
    assert.ok(first !== undefined && second !== undefined);
    await enqueueOn(
      first,
      { kind: "failing", payload: 0 },
      { kind: "nobody's", payload: { secret: "unseen" }, key: "k" },
    );
    await enqueueOn(second, { kind: "failing", payload: 0 }, { kind: "nobody's", payload: 0 });
    await open({ failing }).queue.idle();
    const list = async (dead: boolean) => {
      const items = [];
      for (let cursor: string | undefined; ;) {
        const page = await listMessages(databases.shards, { dead, limit: 1, cursor });
        items.push(...page.items);
        if (page.next_cursor === null) return items;
        cursor = page.next_cursor;
      }
    };
    const all = await list(false);
    assert.deepEqual(
      all.map(({ id }) => id),
      all.map(({ id }) => id).toSorted(),
    );
    assert.deepEqual(all.map(({ kind: name }) => name).toSorted(), ["failing", "failing", "nobody's", "nobody's"]);
    assert.ok(!JSON.stringify(all).includes("unseen"));
    const dead = await list(true);
    assert.deepEqual(
      dead.map(({ state, problem }) => [state, problem]),
      [
        ["dead", "no such thing"],
        ["dead", "no such thing"],
      ],
    );
    await assert.rejects(listMessages(databases.shards, { dead: false, limit: 1, cursor: "x" }), { field: "cursor" });
    await enqueueOn(first, { kind: "nobody's", payload: 0, notBeforeMicros: (Date.now() + 3600_000) * 1000 });
    const figures = await queueFigures(databases.shards)();
    const counts = Object.fromEntries(figures.map((each) => [each.kind, [each.waiting, each.dead]]));
    assert.deepEqual(counts, { failing: [0, 2], "nobody's": [2, 0] });
    assert.ok(figures.every(({ waiting, oldestSeconds }) => waiting > 0 === oldestSeconds > 0));
  });

  test("only messages and tasks that ended long ago are removed", async () => {
    const userId = newUserId(0);
    const { db } = databases.shards.ofId(userId);
    const id = await start(userId);
    const clock = makeTestClock(Date.now());
    const expire = async () => {
      const job = { db, nowMicros: clock.nowMicros() };
      return [await expireDeadMessages(job), await expireTasks(job)];
    };
    clock.forwardMs(limits.taskLifetimeMs + 60_000);
    assert.deepEqual(await expire(), [0, 0]);
    const { queue } = openTestQueue(databases.shards, { task: failing }, clock);
    queues.push(queue);
    await queue.idle();
    assert.deepEqual(await expire(), [0, 0]);
    clock.forwardMs(limits.deadMessageLifetimeMs + 1);
    assert.deepEqual(await expire(), [1, 1]);
    assert.equal(await readTask(db, userId, id), undefined);
  });
});
