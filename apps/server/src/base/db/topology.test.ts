import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bucket, bucketCount, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { fc } from "@holdfast/tools/properties";
import { openDatabases } from "./shards.ts";
import { silentLog } from "./testing.ts";
import { embeddedTopology, topologySchema } from "./topology.ts";

const url = (name: string) => `postgres://holdfast@db/${name}`;
const cells = [{ id: "main", buckets: [[0, 4095]] }];

test("the default is one shard and one cell with all buckets", () => {
  assert.deepEqual(
    embeddedTopology.shards.map((shard) => shard.buckets),
    [[[0, bucketCount - 1]]],
  );
  assert.deepEqual(
    embeddedTopology.cells.map((cell) => cell.buckets),
    [[[0, bucketCount - 1]]],
  );
});

test("any division of the buckets is accepted, and each bucket finds its shard, also by ID", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: bucketCount - 1 }), { maxLength: 6 }),
      fc.integer({ min: 0, max: bucketCount - 1 }),
      (cuts, probe) => {
        const starts = [0, ...cuts.toSorted((left, right) => left - right)];
        const shards = starts.map((start, index) => ({
          id: `s${index}`,
          buckets: [[start, (starts[index + 1] ?? bucketCount) - 1]],
          database_url: url(`s${index}`),
        }));
        const topology = topologySchema.parse({ shards, cells });
        const databases = openDatabases({ topology, defaultConnection: {}, log: silentLog });
        const bucket: Bucket = toBucket(probe);
        const expected = `s${starts.findLastIndex((start) => start <= probe)}`;
        assert.equal(databases.shards.of(bucket).id, expected);
        assert.equal(databases.shards.ofId(makeId<UserId>(bucket, 0, new Uint8Array(8))).id, expected);
        assert.equal(databases.cells.of(bucket).id, "main");
      },
    ),
    { numRuns: 50 },
  );
});

test("a division with a gap, an overlap, a repeated ID or a shared database is rejected with the reason", () => {
  const refused: [unknown[], RegExp][] = [
    [[{ id: "a", buckets: [[0, 4094]] }], /buckets 4095 to 4095 are not mapped/],
    [[{ id: "a", buckets: [[1, 4095]] }], /buckets 0 to 0 are not mapped/],
    [
      [
        { id: "a", buckets: [[0, 100]] },
        { id: "b", buckets: [[100, 4095]], database_url: url("b") },
      ],
      /bucket 100 of b is mapped twice/,
    ],
    [
      [
        { id: "a", buckets: [[0, 99]] },
        { id: "a", buckets: [[100, 4095]], database_url: url("b") },
      ],
      /the ID a is used twice/,
    ],
    [
      [
        { id: "a", buckets: [[0, 99]] },
        { id: "b", buckets: [[100, 4095]] },
      ],
      /is in the same database as another/,
    ],
    [[{ id: "a", buckets: [[4095, 0]] }], /first bucket of a range is above its last/],
    [[{ id: "a", buckets: [[0, 4095]], database_url: "mysql://x" }], /postgres:\/\//],
    [[{ id: "a", buckets: [[0, 4096]] }], /4095/],
  ];
  for (const [shards, message] of refused) {
    const result = topologySchema.safeParse({ shards, cells });
    assert.match(result.error?.message ?? "accepted", message);
  }
});
