import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { bucketCount, bucketOf, bucketOfHash, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { isInRange, movedTables, tablePlaces } from "./bucket-columns.ts";
import { startTestDatabases, type TestDatabases } from "./testing.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
after(() => databases.stop());

const db = () => databases.shards.of(toBucket(0)).db;

test("each table of a shard has a place, and its column exists", async () => {
  const { rows } = await sql<{ table: string; columns: string[] }>`
    select c.relname as table, array_agg(a.attname::text) as columns from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'shard'::regnamespace and c.relkind = 'r' group by c.relname`.execute(db());
  const columnsOf = new Map(rows.map(({ table, columns }) => [table, columns]));
  assert.deepEqual([...columnsOf.keys()].toSorted(), Object.keys(tablePlaces).toSorted());
  for (const { table, column } of movedTables) assert.ok(columnsOf.get(table)?.includes(column), `${table}.${column}`);
});

test("PostgreSQL computes the same buckets of IDs, hashes and addresses", async () => {
  const inSql = async (kind: "id" | "hash" | "address" | "bucket", type: string, value: unknown) => {
    // A binary search, because the condition is all that is used.
    let [first, last] = [0, bucketCount - 1];
    while (first < last) {
      const middle = (first + last) >> 1;
      const condition = isInRange({ column: "value", kind }, [first, middle]);
      const { rows } = await sql<{ is: boolean }>`
        select ${sql.raw(condition)} as is from (select ${value}::${sql.raw(type)} as value) as row`.execute(db());
      if (rows[0]?.is === true) last = middle;
      else first = middle + 1;
    }
    return first;
  };
  for (const bucket of [0, 1, 255, 256, 2047, bucketCount - 1]) {
    const id = makeId<UserId>(toBucket(bucket), Date.now(), randomBytes(8));
    assert.equal(await inSql("id", "uuid", id), bucketOf(id));
    assert.equal(await inSql("bucket", "int2", bucket), bucket);
  }
  for (const address of ["ann@example.org", "jörg@exämple.org", '"a\\b"@example.org', "a'b+c@example.org"]) {
    const hash = sha256(Buffer.from(address));
    assert.equal(await inSql("hash", "bytea", Buffer.from(hash, "hex")), bucketOfHash(hash), address);
    assert.equal(await inSql("address", "text", address), bucketOfHash(hash), address);
  }
});
