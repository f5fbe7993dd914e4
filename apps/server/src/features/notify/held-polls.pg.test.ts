import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import { until } from "@holdfast/tools/bounded";
import type { Caller } from "../accounts/context/caller.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { decodeToken, encodeToken } from "../../tree/journal/change-token.ts";
import { listChanges } from "../../tree/journal/changes.ts";
import { startToken } from "../../tree/journal/start-token.ts";
import { addNotification } from "../notifications/add-notification.ts";
import { makeTestSpace, newTestId, type TestSpace } from "../../tree/testing/testing.ts";
import { HeldPolls, type Poll, type PollAnswer } from "./held-polls.ts";
import { becomeOverdue, holdTicks, signInTo, type Tap, tapShards, testIssuerBound } from "./testing.ts";

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const journalQuery = "from shard.journal where space_id = s.id and seq = s.seq";

describe("Held polls", () => {
  let databases: TestDatabases;
  let space: TestSpace;
  let caller: Caller;
  let tap: Tap;
  let polls: HeldPolls;
  let held: number;
  let delays: number[];
  let warnings: string[];

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
  });
  after(() => databases.stop());
  beforeEach(async () => {
    space = await makeTestSpace(databases.shards);
    caller = await signInTo(space);
    // A cursor at the beginning needs another statement to compare, and `holdWaiting` waits for one.
    await space.mkdir("root", "first");
    tap = tapShards(databases.shards);
    held = 0;
    delays = [];
    warnings = [];
    polls = new HeldPolls({
      shards: tap.shards,
      clock: space.clock,
      issuerBound: testIssuerBound,
      random: () => 0.999,
      log: { ...log, warn: (_, message) => warnings.push(message) },
      onHeld: () => (held += 1),
      onReleased: () => (held -= 1),
      onDelivered: (seconds) => delays.push(seconds),
    });
  });

  const now = () => startToken(databases.shards, space.caller);
  const answerTo = (poll: Poll, timeoutMs = 60_000): Promise<PollAnswer> =>
    new Promise((resolve, reject) =>
      polls.hold(poll, timeoutMs, (answer) => (answer instanceof HoldfastError ? reject(answer) : resolve(answer))),
    );
  const hold = async ({ token, timeoutMs }: { token?: string; timeoutMs?: number } = {}) =>
    answerTo(polls.open(caller, token ?? (await now())), timeoutMs);
  const holdWaiting = async (timeoutMs?: number): Promise<{ answer: Promise<PollAnswer> }> => {
    const token = await now();
    const compared = Promise.withResolvers<void>();
    tap.before = () => void setImmediate(compared.resolve);
    const answer = hold({ token, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    answer.catch(() => {});
    await compared.promise;
    tap.before = () => {};
    return { answer };
  };
  const wake = () => polls.wake(space.caller.spaceId);

  test("a commit answers a waiting poll with its change", async () => {
    const folder = await space.mkdir("root", "folder");
    const steps: [string, () => Promise<{ id: string }>][] = [
      ["file_create", () => space.put(folder.id, "file", "one")],
      ["folder_create", () => space.mkdir("root", "another")],
      ["folder_update", () => space.do({ op: "move", fileId: folder.id, place: { name: "renamed" } })],
      ["file_create", () => space.do({ op: "symlink", place: { parentId: "root", name: "link" }, target: "x" })],
      ["folder_delete", () => space.do({ op: "delete", fileId: folder.id })],
      ["folder_create", () => space.do({ op: "restore", fileId: folder.id })],
    ];
    for (const [type, change] of steps) {
      const { answer } = await holdWaiting();
      assert.equal(held, 1);
      const node = await change();
      await polls.compareAll();
      const { change: notification } = await answer;
      assert.deepEqual([notification?.type, notification?.nodeId], [type, node.id]);
      assert.equal(held, 0);
    }
    const file = await space.put("root", "updated", "one");
    const { answer } = await holdWaiting();
    await space.do({ op: "put", fileId: file.id, content: await space.content("two") });
    await polls.compareAll();
    assert.deepEqual((await answer).change?.type, "file_update");
    assert.equal(delays.length, steps.length + 1);
  });

  test("the delay is measured from the change, and only for polls that waited for it", async () => {
    const token = await now();
    await space.mkdir("root", "before it waits");
    await hold({ token });
    assert.deepEqual(delays, []);
    const { answer } = await holdWaiting();
    await space.mkdir("root", "while it waits");
    space.clock.advanceMs(2_500);
    await polls.compareAll();
    await answer;
    assert.ok(delays.length === 1 && delays[0] !== undefined && delays[0] >= 2.5 && delays[0] < 2.6, String(delays));
  });

  const notifyUser = async (detail = {}) => {
    const { userId } = space.caller;
    const world = { shards: databases.shards, random: randomBytes };
    const atMicros = space.clock.nowMicros();
    const notification = { userId, kind: "device", actor: null, nodeId: null, atMicros, detail } as const;
    await addNotification(world, notification, newTestId());
  };

  test("a notification answers a waiting poll without a change, and its cursor advances", async () => {
    const { answer } = await holdWaiting();
    await notifyUser();
    wake();
    assert.deepEqual((await answer).change?.type, "notification");
    const behind = await now();
    await notifyUser();
    assert.equal((await hold({ token: behind })).change?.type, "notification", "it was told before the poll");
    const { next_token: heard, changes } = await listChanges(databases.shards, caller, { since_token: behind });
    assert.deepEqual(changes, []);
    assert.equal((await hold({ token: heard, timeoutMs: 1000 })).change, undefined, "it is told again and again");
    await notifyUser();
    await space.mkdir("root", "beside");
    assert.equal((await hold({ token: heard })).change?.type, "folder_create", "a change is told first");
  });

  test("a notification with a lost wake-up is found by the comparison", async () => {
    const { answer } = await holdWaiting();
    await notifyUser();
    await polls.compareAll();
    assert.equal((await answer).change?.type, "notification");
  });

  test("a cursor from before notifications waits only for changes", async () => {
    await notifyUser();
    const [position] = decodeToken(await now());
    assert.ok(position !== undefined);
    const old = encodeToken([{ ...position, notified: undefined }]);
    assert.equal((await hold({ token: old, timeoutMs: 1000 })).change, undefined);
  });

  test("a cursor behind the journal is answered immediately, without a wake-up", async (t) => {
    holdTicks(t);
    const token = await now();
    const file = await space.put("root", "file", "one");
    const { change, backoffSeconds } = await hold({ token });
    assert.deepEqual([change?.type, change?.nodeId, backoffSeconds], ["file_create", file.id, 0]);
  });

  test("a commit between the comparison and its result is not missed", async () => {
    const token = await now();
    let file: { id: string } | undefined;
    tap.before = async (statement) => {
      if (file !== undefined || !statement.includes("shard.journal")) return;
      // The database has reported nothing new. Before its response arrives, there is a change, and its wake-up has
      // passed.
      file = await space.put("root", "late", "one");
      wake();
    };
    const { change } = await hold({ token, timeoutMs: 60_000 });
    assert.equal(change?.nodeId, file?.id);
  });

  test("a commit before the comparison is found, even if its wake-up was missed", async () => {
    const token = await now();
    const answer = hold({ token });
    await space.put("root", "early", "one");
    wake();
    assert.equal((await answer).change?.type, "file_create");
  });

  test("a wake-up reads the journal and the credentials once for all polls of its space", async () => {
    const token = await now();
    const answers = Array.from({ length: 50 }, () => hold({ token }));
    await until("each poll has looked", () => tap.statements.length >= 50);
    await new Promise(setImmediate);
    await space.put("root", "file", "one");
    tap.statements.length = 0;
    wake();
    for (const { change } of await Promise.all(answers)) assert.equal(change?.type, "file_create");
    assert.equal(tap.statements.filter((statement) => statement.includes(journalQuery)).length, 1);
    assert.equal(tap.statements.length, 2);
  });

  test("a wake-up without a change answers no poll, and one of another space runs no query", async () => {
    const { answer } = await holdWaiting();
    tap.statements.length = 0;
    polls.wake((await makeTestSpace(databases.shards)).caller.spaceId);
    await new Promise(setImmediate);
    assert.equal(tap.statements.length, 0);
    const read = Promise.withResolvers<void>();
    tap.before = () => void setImmediate(read.resolve);
    wake();
    await read.promise;
    assert.equal(polls.size, 1);
    polls.stop();
    await answer;
  });

  test("without changes, the poll ends at its timeout", async (t) => {
    const pass = holdTicks(t);
    const poll = polls.open(caller, await now());
    const answer = answerTo(poll, 300);
    pass(250);
    assert.equal(held, 1);
    pass(250);
    const { change, backoffSeconds } = await answer;
    assert.deepEqual([change, backoffSeconds, held], [undefined, 0, 0]);
  });

  test("a disconnected client frees its poll immediately", async () => {
    const poll = polls.open(caller, await now());
    const answer = answerTo(poll);
    assert.equal(held, 1);
    polls.leave(poll);
    polls.leave(poll);
    assert.deepEqual([polls.size, held, (await answer).change], [0, 0, undefined]);
  });

  test("a stop answers all held polls with staggered backoff, and later ones immediately", async () => {
    const { answer } = await holdWaiting();
    polls.stop();
    assert.deepEqual(await answer, { change: undefined, backoffSeconds: 5 });
    assert.deepEqual(await hold(), { change: undefined, backoffSeconds: 5 });
    assert.equal(held, 0);
  });

  test("a cursor of another history or space, or an expired one, is rejected immediately", async () => {
    const token = await now();
    const other = await makeTestSpace(databases.shards);
    const isReset = (reason: string) => (error: unknown) =>
      error instanceof HoldfastError && error.code === "reset" && error.body["reason"] === reason;
    await assert.rejects(hold({ token: await startToken(databases.shards, other.caller) }), isReset("epoch"));
    await assert.rejects(hold({ token: "nonsense" }), { code: "bad_request", field: "since_token" });
    await space.put("root", "file", "one");
    const later = await now();
    await space.put("root", "second", "one");
    await sql`delete from shard.journal where space_id = ${caller.spaceId} and seq <= 2`.execute(space.db);
    await assert.rejects(hold({ token: later }), isReset("expired"));
    await assert.rejects(hold({ token }), isReset("expired"));
    await sql`update shard.spaces set epoch = 'restored' where id = ${caller.spaceId}`.execute(space.db);
    await assert.rejects(hold({ token }), isReset("epoch"));
    assert.equal(held, 0);
  });

  test("a restore of the server during a poll answers it with a reset", async () => {
    const { answer } = await holdWaiting();
    await sql`update shard.spaces set epoch = 'restored' where id = ${caller.spaceId}`.execute(space.db);
    await polls.compareAll();
    await assert.rejects(answer, { code: "reset" });
    assert.equal(held, 0);
  });

  test("a poll of an ended session or suspended account discloses no change", async () => {
    const ends: [string, () => Promise<unknown>][] = [
      ["signed out", () => sql`delete from shard.sessions where user_id = ${caller.userId}`.execute(space.db)],
      ["overdue", () => becomeOverdue(space, caller)],
      ["suspended", () => sql`update shard.users set disabled_at = 1 where id = ${caller.userId}`.execute(space.db)],
    ];
    for (const [name, end] of ends) {
      caller = await signInTo(space);
      const { answer } = await holdWaiting();
      await end();
      await space.put("root", name, "one");
      await polls.compareAll();
      await assert.rejects(answer, { code: "unauthenticated" }, name);
    }
    assert.equal(held, 0);
  });

  test("a poll ends within two seconds of its session, and other polls of the space continue", async (t) => {
    const pass = holdTicks(t);
    polls = new HeldPolls({ shards: tap.shards, clock: space.clock, issuerBound: undefined, random: () => 0.999, log });
    const { answer } = await holdWaiting();
    const other = await signInTo(space);
    const kept = answerTo(polls.open(other, await now()));
    await sql`delete from shard.sessions where id = ${caller.credential.id}`.execute(space.db);
    pass(1000);
    pass(750);
    await assert.rejects(answer, { code: "unauthenticated" });
    assert.equal(polls.size, 1);
    polls.stop();
    await kept;
  });

  test("a poll of an ended session is rejected even if a wake-up finds no change", async () => {
    const { answer } = await holdWaiting();
    await sql`delete from shard.sessions where id = ${caller.credential.id}`.execute(space.db);
    wake();
    await assert.rejects(answer, { code: "unauthenticated" });
  });

  for (const [what, lose] of [
    ["a wake-up", () => Promise.resolve(wake())],
    ["the comparison after a lost connection", () => assert.rejects(polls.compareAll())],
  ] as const) {
    test(`a database that fails at ${what} is queried again within seconds, without a wake-up`, async (t) => {
      const pass = holdTicks(t);
      const { answer } = await holdWaiting(3_600_000);
      await space.put("root", "file", "one");
      const failed = Promise.withResolvers<void>();
      tap.before = () => {
        setImmediate(failed.resolve);
        throw new Error("the database is away");
      };
      await lose();
      await failed.promise;
      assert.equal(polls.size, 1);
      const again = Promise.withResolvers<void>();
      tap.before = () => {
        setImmediate(again.resolve);
        throw new Error("the database is away");
      };
      pass(5250);
      await again.promise;
      tap.before = () => {};
      // Shorter than the poll's timeout. The previous check may still be running.
      for (let passes = 0; polls.size > 0 && passes < 600; passes += 1) {
        pass(5250);
        await now();
      }
      assert.equal((await answer).change?.type, "file_create");
    });
  }

  test("a loop of polls and changes sees every change", async () => {
    let token = await now();
    let seen = 0;
    const writing = (async () => {
      for (let index = 0; index < 60; index++) {
        await space.put("root", `raced ${index}`, "x");
        wake();
        if (index % 7 === 0) await new Promise(setImmediate);
      }
    })();
    while (seen < 60) {
      const { change } = await hold({ token, timeoutMs: 60_000 });
      assert.ok(change !== undefined, `a poll ended in vain after ${seen} changes`);
      const page = await listChanges(databases.shards, space.caller, { since_token: token });
      seen += page.changes.length;
      token = page.next_token;
    }
    await writing;
    assert.equal(held, 0);
  });
});
