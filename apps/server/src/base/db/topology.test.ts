import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bucket, bucketCount, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { fc } from "@holdfast/tools/properties";
import { movedBuckets, type ShardMap } from "./shard-map.ts";
import { openDatabases, type Trust } from "./shards.ts";
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
    [[{ id: "a", buckets: [[4095, 0]] }], /first bucket of a range is greater than its last/],
    [[{ id: "a", buckets: [[0, 4095]], database_url: "mysql://x" }], /postgres:\/\//],
    [[{ id: "a", buckets: [[0, 4096]] }], /4095/],
  ];
  for (const [shards, message] of refused) {
    const result = topologySchema.safeParse({ shards, cells });
    assert.match(result.error?.message ?? "accepted", message);
  }
});

test("a shard without buckets is configured and gets none until the stored map is applied", () => {
  const shards = [
    { id: "old", buckets: [[0, 4095]], database_url: url("old") },
    { id: "new", buckets: [], database_url: url("new") },
  ];
  const databases = openDatabases({
    topology: topologySchema.parse({ shards, cells }),
    defaultConnection: {},
    log: silentLog,
  });
  const idsOf = (all: readonly { readonly id: string }[]) => all.map(({ id }) => id);
  assert.deepEqual([idsOf(databases.shards.all()), idsOf(databases.configured())], [["old"], ["old", "new"]]);
  const added: string[] = [];
  databases.shards.onAdded(({ id }) => added.push(id));
  const buckets = movedBuckets(databases.assigned(), { buckets: [10, 19], to: "new" });
  const apply = (map: Omit<ShardMap, "move"> & Partial<ShardMap>, nowMs = 0, trusted?: Trust) =>
    databases.apply({ map: { move: null, ...map }, nowMs }, trusted);
  apply({ version: 1, buckets });
  const found = (bucket: number) => databases.shards.of(toBucket(bucket)).id;
  assert.deepEqual([9, 10, 19, 20].map(found), ["old", "new", "new", "old"]);
  assert.deepEqual([idsOf(databases.shards.all()), added], [["old", "new"], ["new"]]);
  assert.throws(() => apply({ version: 2, buckets: { other: [[0, 4095]] } }), /has no shard other/);

  const moving = { id: "1", from: "old", to: "new", started_ms: 0, freezes: 1, problem: null, state_ms: 1000 } as const;
  const move = { ...moving, buckets: [30, 39] as [number, number], state: "frozen" as const };
  apply({ version: 3, buckets, move }, 1000);
  assert.throws(() => found(30), { code: "unavailable", retryAfterSeconds: 1 });
  assert.deepEqual([databases.shards.lastOf(toBucket(30)).id, found(29)], ["old", "old"]);
  apply({ version: 3, buckets, move }, 1000 + 60_001);
  assert.equal(found(30), "old", "no switch follows");
  assert.throws(() => apply({ version: 2, buckets }), /older than before/);
  assert.throws(() => databases.apply({ map: undefined, nowMs: 0 }), /older than before/);
  const later = { untilMs: performance.now() + 60_000, untilWallMs: Date.now() + 60_000 };
  for (const over of [{ untilMs: performance.now() - 1 }, { untilWallMs: Date.now() - 1 }]) {
    apply({ version: 4, buckets }, 0, { ...later, ...over });
    for (const use of [() => found(9), () => databases.shards.all()]) assert.throws(use, { code: "unavailable" });
  }
  apply({ version: 4, buckets });
  assert.equal(found(9), "old");
});

test("moved ranges are cut and joined", () => {
  const cut = movedBuckets({ a: [[0, 4095]] }, { buckets: [100, 199], to: "b" });
  assert.deepEqual(cut, {
    a: [
      [0, 99],
      [200, 4095],
    ],
    b: [[100, 199]],
  });
  assert.deepEqual(movedBuckets(cut, { buckets: [200, 299], to: "b" })["b"], [[100, 299]]);
  assert.deepEqual(movedBuckets(cut, { buckets: [100, 199], to: "a" }), { a: [[0, 4095]], b: [] });
});
