import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { Kysely } from "kysely";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { Shard } from "../../base/db/shards.ts";
import { silentLog, startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { ChainWriter } from "./chain-writer.ts";
import { expireAuditEntries } from "./expire-entries.ts";
import { verifyChain } from "./verify-chain.ts";

describe("Chain of entries", () => {
  const key = randomBytes(32);
  let databases: TestDatabases;
  let shard: Shard;

  before(async () => {
    databases = await startTestDatabases();
    [shard] = databases.shards.all() as [Shard];
  });
  after(() => databases?.stop());
  beforeEach(async () => {
    await shard.db.deleteFrom("shard.audit_entries").execute();
    await shard.db.deleteFrom("shard.audit_chain").execute();
    await shard.db.insertInto("shard.audit_chain").defaultValues().execute();
  });

  const writerOf = (db = shard.db, forged = key) =>
    new ChainWriter({ shard: { ...shard, db }, key: forged, log: { ...silentLog, debug: () => {} } });
  const entryOf = (number: number) => ({
    atMicros: Date.UTC(2027, 0, 1) * 1000 + number * 1_000_000,
    text: JSON.stringify({ at: new Date(Date.UTC(2027, 0, 1) + number * 1000).toISOString(), action: "test", number }),
  });
  const numbers = async () => {
    const rows = await shard.db.selectFrom("shard.audit_entries").select("entry").orderBy("seq").execute();
    return rows.map(({ entry }) => (JSON.parse(entry) as { number: number }).number);
  };
  const verdict = () => verifyChain(shard, key, []);

  test("keeps the order of one writer, with and without waiting for entries", async () => {
    const writer = writerOf();
    for (let number = 0; number < 1200; number += 1) {
      if (number % 100 === 99) await writer.addDurably(entryOf(number));
      else writer.add(entryOf(number));
    }
    await writer.drain();
    assert.deepEqual(
      await numbers(),
      Array.from({ length: 1200 }, (_, number) => number),
    );
    const { entries, problem } = await verdict();
    assert.deepEqual({ entries, problem }, { entries: 1200, problem: null });
  });

  test("stays a single chain with several writers", async () => {
    const writers = [writerOf(), writerOf(), writerOf()];
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let number = 0; number < 50; number += 1) await writer.addDurably(entryOf(3 * number + index));
      }),
    );
    assert.deepEqual(
      (await numbers()).toSorted((left, right) => left - right),
      Array.from({ length: 150 }, (_, number) => number),
    );
    const { entries, problem } = await verdict();
    assert.deepEqual({ entries, problem }, { entries: 150, problem: null });
  });

  test("reports a full disk, and stores the entry once there is room", async () => {
    const failing = failingOnce(shard.db, false, new HoldfastError("store_full", "The disk is full."));
    const writer = writerOf(failing.db);
    await writer.addDurably(entryOf(0));
    failing.arm();
    await assert.rejects(writer.addDurably(entryOf(1)), { code: "store_full", message: "The disk is full." });
    assert.deepEqual([writer.refusal().code, writer.refusal().message], ["store_full", "The disk is full."]);
    await writer.addDurably(entryOf(2));
    assert.deepEqual(await numbers(), [0, 1, 2]);
    assert.equal(writer.refusal().code, "unavailable");
  });

  for (const [when, isDone] of [
    ["before it was done", false],
    ["after it was done, without an answer", true],
  ] as const) {
    test(`an append that fails ${when} is stored exactly once`, async () => {
      const failing = failingOnce(shard.db, isDone);
      const writer = writerOf(failing.db);
      await writer.addDurably(entryOf(0));
      failing.arm();
      await assert.rejects(writer.addDurably(entryOf(1)), { code: "unavailable" });
      await writer.addDurably(entryOf(2));
      await writer.drain();
      assert.deepEqual(await numbers(), [0, 1, 2]);
      assert.equal((await verdict()).problem, null);
    });
  }

  test("detects an entry made with another key", async () => {
    await writerOf().addDurably(entryOf(0));
    await writerOf(shard.db, randomBytes(32)).addDurably(entryOf(1));
    await writerOf().addDurably(entryOf(2));
    const { entries, problem } = await verdict();
    assert.deepEqual([entries, problem?.what, problem?.seq], [1, "changed", 2]);
  });

  test("expires old entries, and still proves the remaining ones", async () => {
    const writer = writerOf();
    for (let number = 0; number < 20; number += 1) writer.add(entryOf(number));
    await writer.drain();
    const options = { key, beforeMicros: entryOf(12).atMicros, signal: AbortSignal.timeout(60_000) };
    assert.equal(await expireAuditEntries(shard, options), 12);
    assert.equal(await expireAuditEntries(shard, options), 0);
    assert.deepEqual(await numbers(), [12, 13, 14, 15, 16, 17, 18, 19]);
    const { entries, problem, from } = await verdict();
    assert.deepEqual([entries, problem, from], [8, null, "2027-01-01T00:00:12.000000Z"]);
    await shard.db.deleteFrom("shard.audit_entries").where("seq", "=", 13).execute();
    assert.deepEqual((await verdict()).problem?.what, "removed");
  });

  test("continues after expired entries, even if all have expired", async () => {
    await writerOf().addDurably(entryOf(0));
    await expireAuditEntries(shard, { key, beforeMicros: entryOf(5).atMicros, signal: AbortSignal.timeout(60_000) });
    assert.deepEqual([(await verdict()).entries, (await verdict()).problem], [0, null]);
    await writerOf().addDurably(entryOf(6));
    const { entries, problem, head } = await verdict();
    assert.deepEqual([entries, problem, head.seq], [1, null, 2]);
  });
});

/**
 * Returns a database whose next statement outside a transaction fails once armed.
 * @param isDone true if the statement succeeds anyway
 */
function failingOnce(
  db: Kysely<ShardTables>,
  isDone: boolean,
  failure = new Error("the connection was lost"),
): { readonly db: Kysely<ShardTables>; readonly arm: () => void } {
  let isArmed = false;
  const executor = db.getExecutor();
  const failing = new Proxy(executor, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "executeQuery" || !isArmed) return value.bind(target) as unknown;
      return async (...args: Parameters<typeof executor.executeQuery>) => {
        isArmed = false;
        if (isDone) await target.executeQuery(...args);
        throw failure;
      };
    },
  });
  const proxy = new Proxy(db, {
    get(target, name) {
      if (name === "getExecutor") return () => failing;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { db: proxy, arm: () => void (isArmed = true) };
}
