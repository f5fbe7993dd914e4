import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { listAuditEntries, type ListAuditRequest } from "./list-entries.ts";

/** Times in microseconds. Both shards have several entries of the time 20. */
const times: readonly (readonly number[])[] = [
  [10, 20, 20, 40],
  [20, 20, 30],
];

describe("List of entries of two shards", () => {
  let databases: TestDatabases;

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
    for (const [index, { db }] of databases.shards.all().entries()) {
      const rows = (times[index] ?? []).map((at, place) => {
        const entry = JSON.stringify({ at: String(at), action: "test", result: "ok" });
        return { seq: place + 1, at, hash: Buffer.alloc(32), entry };
      });
      await db.insertInto("shard.audit_entries").values(rows).execute();
    }
  });
  after(() => databases?.stop());

  const readAll = async (request: ListAuditRequest): Promise<string[]> => {
    const seen: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages += 1) {
      assert.ok(pages < 20, "the list does not end");
      const { items, next_cursor: next } = await listAuditEntries(databases.shards, { ...request, cursor });
      seen.push(...items.map(({ at, chain, seq }) => `${at} ${chain} ${seq}`));
      cursor = next ?? undefined;
    }
    return seen;
  };

  test("contains each entry once in order of time, in both directions and with any page size", async () => {
    const oldestFirst = await readAll({});
    assert.deepEqual(
      oldestFirst.map((line) => Number(line.split(" ")[0])),
      [10, 20, 20, 20, 20, 30, 40],
    );
    for (const limit of [1, 2, 3, 7]) {
      assert.deepEqual(await readAll({ limit }), oldestFirst);
      assert.deepEqual(await readAll({ limit, newestFirst: true }), oldestFirst.toReversed());
    }
  });

  test("includes the start of a period and excludes its end, in both directions", async () => {
    const period = { fromMicros: 20, toMicros: 40, limit: 2 };
    const oldestFirst = await readAll(period);
    assert.equal(oldestFirst.length, 5);
    assert.deepEqual(await readAll({ ...period, newestFirst: true }), oldestFirst.toReversed());
  });
});
