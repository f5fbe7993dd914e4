import assert from "node:assert/strict";
import { after, test } from "node:test";
import { HoldfastError, type ErrorCode } from "@holdfast/core/errors";
import { toHashHex } from "@holdfast/core/hash-hex";
import { fc } from "@holdfast/tools/properties";
import type pg from "pg";
import { sql } from "kysely";
import { bounded } from "@holdfast/tools/bounded";
import {
  booleanArray,
  byteaArray,
  hashArray,
  int4Array,
  int8Array,
  jsonbArray,
  textArray,
  uuidArray,
} from "./array-parameters.ts";
import { inTransaction, openDatabase } from "./database.ts";
import { silentLog, startTestDatabase } from "./testing.ts";

const { connection, stop } = await startTestDatabase();
const options = { connection, applicationName: "test", log: silentLog };
const { db, conflicts, close } = openDatabase<{ counter: { id: number; value: number } }>(options);
await sql`create table counter (id int8 primary key, value int8 not null)`.execute(db);
after(async () => {
  await close();
  await stop();
});

const hasCode = (code: ErrorCode) => (error: unknown) => error instanceof HoldfastError && error.code === code;
const raise = (state: string) => sql`do ${sql.lit(`begin raise exception sqlstate '${state}'; end`)}`;

test("sizes, sums and counts are numbers, hashes are Buffers, and an integer beyond 2^53 is an error", async () => {
  const { rows } = await sql<Record<string, unknown>>`
    select 9007199254740991 as size, sum(v) as total, count(*) as n, '\\x00ff'::bytea as hash, array_agg(v) as list
    from (values (1::int8), (4000000000000)) as t(v)`.execute(db);
  assert.deepEqual(rows[0], {
    size: Number.MAX_SAFE_INTEGER,
    total: 4_000_000_000_001,
    n: 2,
    hash: Buffer.of(0, 255),
    list: [1, 4_000_000_000_000],
  });
  await assert.rejects(sql`select 9007199254740993::int8 as size`.execute(db), hasCode("internal"));
});

test("arrays survive their binary encoding, including nulls and empty arrays (random)", async () => {
  const nullable = <Value>(values: fc.Arbitrary<Value>) => fc.array(fc.option(values), { maxLength: 20 });
  const text = fc.string({ unit: "grapheme" }).filter((value) => value.isWellFormed() && !value.includes("\0"));
  const shapes = {
    bytes: nullable(fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value))),
    texts: nullable(text),
    uuids: nullable(fc.uuid()),
    hashes: fc.array(
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => toHashHex(bytes)),
      { maxLength: 20 },
    ),
    longs: nullable(fc.maxSafeInteger().map((value) => value + 0)),
    ints: nullable(fc.integer().map((value) => value + 0)),
    booleans: nullable(fc.boolean()),
    documents: nullable(fc.dictionary(fc.constantFrom("a", "b"), fc.integer(), { noNullPrototype: true })),
  };
  const arrays = fc.record(shapes, { noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(arrays, async (sent) => {
      const { rows } = await sql`
        select ${byteaArray(sent.bytes)} as bytes, ${textArray(sent.texts)} as texts,
          ${uuidArray(sent.uuids)}::text[] as uuids, ${int8Array(sent.longs)} as longs,
          ${int4Array(sent.ints)} as ints, ${booleanArray(sent.booleans)} as booleans,
          to_json(${jsonbArray(sent.documents)}) as documents, ${hashArray(sent.hashes)} as hashes`.execute(db);
      assert.deepEqual(rows[0], { ...sent, hashes: sent.hashes.map((hash) => Buffer.from(hash, "hex")) });
    }),
    { numRuns: 50 },
  );
});

test("an invalid UUID and a number that is not an integer are errors", () => {
  for (const text of ["", "x", "0000000-00000-8000-8000-000000000000", "00000000-0000-8000-8000-00000000000g"]) {
    assert.throws(() => uuidArray([text]), hasCode("internal"), text);
  }
  for (const number of [0.5, 2 ** 53, Number.NaN]) assert.throws(() => int8Array([number]), hasCode("internal"));
});

test("a transaction is repeated only after a deadlock or serialization failure, and each one is counted", async () => {
  const countBefore = conflicts();
  for (const state of ["40001", "40P01"]) {
    let attempts = 0;
    await inTransaction(db, async (transaction) => {
      attempts += 1;
      await transaction.insertInto("counter").values({ id: attempts, value: attempts }).execute();
      if (attempts < 3) await raise(state).execute(transaction);
    });
    assert.equal(attempts, 3);
    const rows = await db.deleteFrom("counter").returning("id").execute();
    assert.deepEqual(rows, [{ id: 3 }]);
  }
  let attempts = 0;
  const always = inTransaction(
    db,
    async (transaction) => {
      attempts += 1;
      await raise("40001").execute(transaction);
    },
    { attemptsMax: 2 },
  );
  await assert.rejects(always, hasCode("unavailable"));
  assert.equal(attempts, 2);
  assert.equal(conflicts() - countBefore, 2 + 2 + 2);
});

test("a transaction whose work throws leaves nothing and passes its error on", async () => {
  const reason = new HoldfastError("quota", "over");
  const failing = inTransaction(db, async (transaction) => {
    await transaction.insertInto("counter").values({ id: 1, value: 1 }).execute();
    throw reason;
  });
  await assert.rejects(failing, (error) => error === reason);
  assert.deepEqual(await db.selectFrom("counter").selectAll().execute(), []);
});

test("database failures become Holdfast errors, and errors of the statement keep their SQLSTATE", async () => {
  await assert.rejects(raise("53100").execute(db), hasCode("store_full"));
  for (const state of ["53300", "57P01", "57P03", "08006", "25006"]) {
    await assert.rejects(raise(state).execute(db), hasCode("unavailable"), state);
  }
  const text = "from outside\0";
  await assert.rejects(sql`select ${text}::text`.execute(db), hasCode("bad_request"));
  await assert.rejects(sql`select ${JSON.stringify({ text })}::jsonb`.execute(db), hasCode("bad_request"));
  await assert.rejects(sql`select 1/0`.execute(db), (error) => (error as { code?: string }).code === "22012");
});

test("a connection cut inside a transaction fails only that transaction, as unavailable", async () => {
  const cut = inTransaction(db, async (transaction) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
    const { pool, close: closeOther } = openDatabase(options);
    const client = await pool.connect();
    await client.query("select pg_terminate_backend($1, 5000)", [rows[0]?.pid]);
    client.release();
    await closeOther();
    await sql`select 1`.execute(transaction);
  });
  await assert.rejects(cut, hasCode("unavailable"));
  await sql`select 1`.execute(db);
});

test("a pool without a free connection and an unreachable database are reported as unavailable", async () => {
  const small = openDatabase({ ...options, connectionsMax: 1, connectTimeoutMs: 50 });
  let client: pg.PoolClient | undefined;
  // On a busy machine the first connection may exceed the timeout.
  const stillInTime = bounded("a first connection");
  while (client === undefined) {
    stillInTime();
    client = await small.pool.connect().catch(() => undefined);
  }
  await assert.rejects(sql`select 1`.execute(small.db), hasCode("unavailable"));
  client.release();
  await sql`select 1`.execute(small.db);
  await small.close();
  for (const gone of [{ host: "/nowhere" }, { host: "127.0.0.1", port: 1 }]) {
    const nowhere = openDatabase({ ...options, connection: { ...connection, ...gone } });
    await assert.rejects(sql`select 1`.execute(nowhere.db), hasCode("unavailable"));
    await nowhere.close();
  }
});

test("an idle connection that is cut is replaced without an error", async () => {
  const { db: own, pool, close: closeOwn } = openDatabase(options);
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(own);
  // `once` of node:events would reject at the preceding error event.
  const removed = new Promise((resolve) => pool.once("remove", resolve));
  await sql`select pg_terminate_backend(${rows[0]?.pid}::int4)`.execute(db);
  await removed;
  await sql`select 1`.execute(own);
  await closeOwn();
});

test("a closed database has released all its connections, including those never used by Kysely", async () => {
  const { pool, close: closeOwn } = openDatabase({ ...options, applicationName: "closed" });
  const order: string[] = [];
  pool.on("connect", (client) => client.once("end", () => order.push("gone")));
  const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  const closing = closeOwn().then(() => order.push("closed"));
  for (const client of clients) client.release();
  await closing;
  assert.deepEqual(order, ["gone", "gone", "gone", "closed"]);
  const { rows } = await sql`select 1 from pg_stat_activity where application_name = 'closed'`.execute(db);
  assert.deepEqual(rows, []);
});

test("a statement that never ends is cut off by its timeout", async () => {
  const { db: own, close: closeOwn } = openDatabase({ ...options, statementTimeoutMs: 50 });
  await assert.rejects(sql`select pg_sleep(30)`.execute(own), hasCode("unavailable"));
  await closeOwn();
});
