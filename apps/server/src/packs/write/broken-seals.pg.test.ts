import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { probeCompress } from "@holdfast/codec/codec";
import { hexText } from "@holdfast/codec/testing";
import { sha256 } from "@holdfast/core/hash";
import type { SpaceId, UserId } from "@holdfast/core/ids";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { PackWriter } from "./pack-writer.ts";
import type { Parcel } from "./parcel.ts";
import { fillSlabs } from "../format/slab.ts";
import { SlabStock } from "../format/slab-stock.ts";
import {
  blockOf,
  type BlockWorld,
  makeSpace,
  makeTestClock,
  openBlockWorld,
  silentBlockLog,
  startTestPool,
} from "../testing.ts";

/** Invariant: acknowledged blocks can be read. A defect after the first check fails only the calls that it affects. */
let databases: TestDatabases;
let pool: BlockPool;
let store: ObjectStore;
let world: BlockWorld;
let spaceId: SpaceId;
let userId: UserId;
const stock = new SlabStock(0);

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = startTestPool();
  store = makeMemoryStore({ nowMs: () => Date.now() });
  world = await openBlockWorld(pool, { databases, store });
  ({ spaceId, userId } = await makeSpace(databases));
});
after(async () => {
  await world.service.close();
  await pool.close();
  await databases.stop();
});

function openWriter(): PackWriter {
  return new PackWriter({
    cell: world.cells.all()[0] ?? assert.fail(),
    shards: databases.shards,
    pool,
    stock,
    clock: makeTestClock(),
    random: randomBytes,
    log: silentBlockLog,
    crashPoint: () => {},
  });
}

function parcelsOf(blocks: readonly IncomingBlock[]): Parcel[] {
  return fillSlabs(blocks, stock).map((slab) => ({ spaceId, uploader: userId, slab }));
}

/** Simulates a buffer overwritten, or a faulty compressor, after the block was checked. */
function spoilt(sizeBytes: number): IncomingBlock & { readonly plain: Buffer } {
  const plain = hexText(randomBytes(4).toString("hex"), sizeBytes);
  const { codec, payload } = probeCompress(plain);
  const wrong = Buffer.from(payload).fill(0xff, payload.length >> 1, (payload.length >> 1) + 40);
  return { hash: sha256(plain), sizeBytes, codec, payload: wrong, verified: true, plain };
}

async function readAll(hashes: readonly IncomingBlock["hash"][]) {
  return Array.fromAsync(world.service.read(spaceId, hashes));
}

async function countPacks(): Promise<number> {
  return (await Array.fromAsync(store.list("packs/"))).length;
}

for (const sizeBytes of [2000, 200_000]) {
  test(`of calls that share a pack, only that with a block of ${sizeBytes} bytes that does not come back fails`, async () => {
    const writer = openWriter();
    const calls = [
      [blockOf(randomBytes(sizeBytes))],
      [blockOf(randomBytes(500)), spoilt(sizeBytes), blockOf(randomBytes(700))],
      [blockOf(randomBytes(sizeBytes)), blockOf(randomBytes(10))],
      [spoilt(sizeBytes)],
      [blockOf(hexText("last", sizeBytes))],
    ];
    const known = await countPacks();
    // The first call starts immediately; the others wait and share a pack.
    const first = writer.write(parcelsOf([blockOf(randomBytes(100))]));
    const outcomes = await Promise.allSettled(calls.map((blocks) => writer.write(parcelsOf(blocks))));
    await first;
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === "rejected" ? (outcome.reason as { code: string }).code : "stored")),
      ["stored", "internal", "stored", "internal", "stored"],
    );
    assert.equal((await countPacks()) - known, 2, "the calls did not share a pack");
    for (const [index, blocks] of calls.entries()) {
      for (const [number, block] of (await readAll(blocks.map(({ hash }) => hash))).entries()) {
        const stored = outcomes[index]?.status === "fulfilled";
        assert.equal(block?.hash, stored ? blocks[number]?.hash : undefined, `call ${index}, block ${number}`);
        if (stored) assert.ok(Buffer.from(blocks[number]?.payload ?? []).equals(block?.payload ?? assert.fail()));
      }
    }
    await writer.close();
  });
}

test("a call with nothing that comes back leaves no pack, and the same blocks are stored when they come whole", async () => {
  const known = await countPacks();
  const wrong = spoilt(5000);
  const failure = world.service.store(spaceId, userId, [wrong]);
  await assert.rejects(failure, { code: "internal", body: { hash: wrong.hash } });
  assert.equal(await countPacks(), known);
  assert.deepEqual(await readAll([wrong.hash]), [undefined]);
  const whole = blockOf(wrong.plain);
  assert.equal(whole.hash, wrong.hash);
  await world.service.store(spaceId, userId, [whole]);
  assert.deepEqual(Buffer.from((await readAll([whole.hash]))[0]?.payload ?? []), wrong.plain);
});
