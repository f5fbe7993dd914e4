/** The codec of a served block depends only on what the space itself sent. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { withFaults } from "@holdfast/object-store/with-faults";
import { sql } from "kysely";
import { startTestDatabases } from "../../base/db/testing.ts";
import type { TestDatabases } from "../../base/db/testing.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import type { PackId } from "../format/pack-format.ts";
import { choosePlace } from "../read/read-plan.ts";
import { rebuildIndex } from "../repair/rebuild-index.ts";
import { scrubCell } from "../repair/scrub.ts";
import { blockOf, makeSpace, makeTestClock, openBlockWorld, silentBlockLog, startTestPool } from "../testing.ts";
import type { BlockWorld } from "../testing.ts";

let databases: TestDatabases;
let pool: BlockPool;
let store: ObjectStore;
let world: BlockWorld;
const clock = makeTestClock();

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = startTestPool();
  store = makeMemoryStore({ nowMs: () => clock.nowMs() });
  world = await openBlockWorld(pool, { databases, store, clock });
});
after(async () => {
  await world.service.close();
  await pool.close();
  await databases.stop();
});

type Space = Awaited<ReturnType<typeof makeSpace>>;

function bothForms(): { raw: IncomingBlock; zstd: IncomingBlock } {
  const plain = Buffer.concat([randomBytes(100), Buffer.alloc(4000)]);
  const payload = zstdCompressSync(plain, { pledgedSrcSize: plain.length });
  return {
    raw: blockOf(plain),
    zstd: { hash: sha256(plain), sizeBytes: plain.length, codec: "zstd", payload, verified: false },
  };
}

const put = ({ spaceId, userId }: Space, ...blocks: IncomingBlock[]) => world.service.store(spaceId, userId, blocks);

async function codecsFor({ spaceId }: Space, ...blocks: IncomingBlock[]): Promise<(string | undefined)[]> {
  const hashes = blocks.map(({ hash }) => hash);
  return (await Array.fromAsync(world.service.read(spaceId, hashes))).map((block) => block?.codec);
}

test("a block is served in the form that the space sent, regardless of other spaces", async () => {
  const [mine, theirs] = [await makeSpace(databases), await makeSpace(databases)];
  for (const [first, second] of [
    [mine, theirs],
    [theirs, mine],
  ] as const) {
    const { raw, zstd } = bothForms();
    await put(first, raw);
    await put(second, zstd);
    assert.deepEqual([await codecsFor(first, raw), await codecsFor(second, raw)], [["raw"], ["zstd"]]);
  }
});

test("another space's copy of one block does not change which copy of the next one is served", async () => {
  const [mine, theirs] = [await makeSpace(databases), await makeSpace(databases)];
  const [one, other] = [bothForms(), bothForms()];
  await put(mine, one.raw);
  await put(mine, other.raw);
  await put(theirs, one.zstd, other.zstd);
  assert.deepEqual(await codecsFor(mine, one.raw, other.raw), ["raw", "raw"]);
  assert.deepEqual(await codecsFor(theirs, one.raw, other.raw), ["zstd", "zstd"]);
});

test("spaces that send the same block simultaneously each get their own copy", async () => {
  const spaces = await Promise.all(Array.from({ length: 6 }, () => makeSpace(databases)));
  const forms = Array.from({ length: 10 }, bothForms);
  const sent = (space: number) => forms.map(({ raw, zstd }) => (space % 2 === 0 ? raw : zstd));
  await Promise.all(spaces.map((space, index) => put(space, ...sent(index))));
  for (const [index, space] of spaces.entries()) {
    assert.deepEqual(
      await codecsFor(space, ...sent(index)),
      sent(index).map(({ codec }) => codec),
      `space ${index}`,
    );
  }
});

test("an own copy stays own when a scrub moves it, and another space's copy replaces a lost one", async () => {
  const [mine, theirs] = [await makeSpace(databases), await makeSpace(databases)];
  const [kept, lost] = [bothForms(), bothForms()];
  const known = new Set((await Array.fromAsync(store.list("packs/"))).map(({ key }) => key));
  await put(mine, kept.raw, lost.raw);
  const added = (await Array.fromAsync(store.list("packs/"))).find((each) => !known.has(each.key));
  const key = added?.key ?? assert.fail();
  const pack = Uint8Array.from(await store.get(key));
  await store.put(key, pack.subarray(0, pack.length - 200));
  const cell = world.cells.all()[0] ?? assert.fail();
  await scrubCell({
    cell,
    shards: databases.shards,
    pool,
    clock: makeTestClock(),
    random: randomBytes,
    log: silentBlockLog,
  });
  await put(theirs, kept.zstd, lost.zstd);
  assert.deepEqual(await codecsFor(mine, kept.raw, lost.raw), ["raw", "zstd"]);
});

test("the own copy is tried first even after a failed read, and before a nearer one", async () => {
  const [mine, theirs] = [await makeSpace(databases), await makeSpace(databases)];
  const { raw, zstd } = bothForms();
  await put(mine, raw);
  await put(theirs, zstd);
  const faulty = withFaults(store, { random: () => 1, sleep: async () => {}, slowMs: 0, hangMs: 0 });
  const other = await openBlockWorld(pool, { databases, store: faulty, clock });
  const error = new HoldfastError("not_found", "Gone for a moment.");
  faulty.faults.queue("failBefore", { operation: "get", error });
  const [read] = await Array.fromAsync(other.service.read(mine.spaceId, [raw.hash]));
  await other.service.close();
  assert.equal(read?.codec, "raw");

  const copy = {
    hash: raw.hash,
    epoch: 1,
    recordIndex: 0,
    offset: 0,
    storedSize: 1,
    sizeBytes: 1,
    codec: "raw",
  } as const;
  const [near, own] = [
    { ...copy, packId: "near" as PackId, isOwn: false },
    { ...copy, packId: "own" as PackId, isOwn: true },
  ];
  assert.equal(choosePlace([near, own], near), own);
  assert.equal(choosePlace([{ ...own, isOwn: false }, near], near), near);
});

test("own copies are known again after a lost index was rebuilt", async () => {
  const [mine, theirs] = [await makeSpace(databases), await makeSpace(databases)];
  const [early, late] = [bothForms(), bothForms()];
  await put(mine, early.raw);
  clock.forwardMs(1000);
  await put(theirs, early.zstd, late.zstd);
  clock.forwardMs(1000);
  await put(mine, late.raw);
  const { db } = world.cells.all()[0] ?? assert.fail();
  await sql`truncate cell.packs, cell.blocks, cell.holders, cell.facts`.execute(db);
  await rebuildIndex({ cells: world.cells, shards: databases.shards, pool, clock, log: silentBlockLog });
  assert.deepEqual(await codecsFor(mine, early.raw, late.raw), ["raw", "raw"]);
  assert.deepEqual(await codecsFor(theirs, early.raw, late.raw), ["zstd", "zstd"]);
  await put(await makeSpace(databases), early.zstd, late.zstd);
  assert.deepEqual(await codecsFor(mine, early.raw, late.raw), ["raw", "raw"]);
});

test("copies from before own copies were recorded are recognized by their stamp", async () => {
  const [mine, theirs] = [await makeSpace(databases), await makeSpace(databases)];
  const { raw, zstd } = bothForms();
  await put(mine, raw);
  await put(theirs, zstd);
  const cell = world.cells.all()[0] ?? assert.fail();
  const noted = await sql`select hash, space_id, pack_id from cell.holders order by 1, 2`.execute(cell.db);
  assert.ok(noted.rows.length > 0);
  await sql`alter table cell.holders drop column pack_id`.execute(cell.db);
  const { up } = await import("../../base/db/cell-migrations/012-own-copies.ts");
  await up(cell.db as never);
  assert.deepEqual(await codecsFor(mine, raw), ["raw"]);
  assert.deepEqual(await codecsFor(theirs, raw), ["zstd"]);
});
