import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { probeCompress } from "@holdfast/codec/codec";
import { hexText } from "@holdfast/codec/testing";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { PackWriter } from "./pack-writer.ts";
import type { LeaveOut, Parcel } from "./parcel.ts";
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

function parcelsOf(blocks: readonly IncomingBlock[], leaveOut?: LeaveOut): Parcel[] {
  const parcel = { spaceId, uploader: userId, ...(leaveOut === undefined ? {} : { leaveOut }) };
  return fillSlabs(blocks, stock).map((slab) => Object.assign({ slab }, parcel));
}

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
  test(`a bad block of ${sizeBytes} bytes fails only its own call among those that share a pack`, async () => {
    const writer = openWriter();
    const calls = [
      [blockOf(randomBytes(sizeBytes))],
      [blockOf(randomBytes(500)), spoilt(sizeBytes), blockOf(randomBytes(700))],
      [blockOf(randomBytes(sizeBytes)), blockOf(randomBytes(10))],
      [spoilt(sizeBytes)],
      [blockOf(hexText("last", sizeBytes))],
    ];
    const known = await countPacks();
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

test("a call of only bad blocks leaves no pack, and intact blocks can be stored later", async () => {
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

/** Payload that does not match its hash, as a faulty or hostile client sends it. */
function wrongBlock(sizeBytes: number): IncomingBlock {
  return { ...blockOf(randomBytes(sizeBytes)), payload: randomBytes(sizeBytes) };
}

function largeBlocks(): IncomingBlock[] {
  return Array.from({ length: 7 }, () => blockOf(randomBytes(2 ** 20)));
}

test("wrong blocks of an unverified parcel are left out, and the others are stored", async () => {
  const writer = openWriter();
  const refused: string[] = [];
  const leaveOut: LeaveOut = (hash, { code, body }) => refused.push(`${hash} ${code} ${String(body["hash"])}`);
  const good = [blockOf(randomBytes(300_000)), blockOf(hexText("good", 50_000)), blockOf(randomBytes(20))];
  const bad = [wrongBlock(200_000), wrongBlock(30)];
  const [first, second, third] = good;
  await writer.write(parcelsOf([first!, bad[0]!, second!, bad[1]!], leaveOut));
  await writer.write(parcelsOf([bad[0]!], leaveOut));
  await writer.write(parcelsOf([third!], leaveOut));
  const hashes = [bad[0]!.hash, bad[1]!.hash, bad[0]!.hash];
  assert.deepEqual(refused.toSorted(), hashes.map((hash) => `${hash} hash_mismatch ${hash}`).toSorted());
  assert.deepEqual(
    (await readAll([...good, ...bad].map(({ hash }) => hash))).map((block) => block?.hash),
    [...good.map(({ hash }) => hash), undefined, undefined],
  );
  await writer.close();
});

test("calls with unverified parcels share no pack with other calls", async () => {
  const writer = openWriter();
  const known = await countPacks();
  const parcels = (leaveOut?: LeaveOut) => parcelsOf([blockOf(randomBytes(400))], leaveOut);
  const bulk = () => [...parcels(), ...parcels(() => {}), ...parcels(() => {})];
  const calls = [parcels(), parcels(), bulk(), parcels(), bulk()];
  await Promise.all(calls.map((call) => writer.write(call)));
  assert.equal((await countPacks()) - known, 4);
  await writer.close();
});

test("blocks of a large call are hashed once, when the sealed pack is checked", async (t) => {
  const tasks = t.mock.method(pool, "run");
  const names = () => {
    const called = tasks.mock.calls.map(({ arguments: [name] }) => name);
    tasks.mock.resetCalls();
    return called;
  };
  const good = largeBlocks();
  await world.service.store(spaceId, userId, good);
  assert.deepEqual(names(), ["sealTask"]);
  await world.service.store(spaceId, userId, good);
  assert.deepEqual(names(), ["verifySlabTask", "verifySlabTask"], "a stored block was sealed again");
  const read = await readAll(good.map(({ hash }) => hash));
  assert.ok(good.every(({ payload }, index) => Buffer.compare(payload, read[index]?.payload ?? assert.fail()) === 0));
});

test("wrong blocks fail a large call without a trace, or are left out, regardless of stored blocks", async () => {
  const known = blockOf(randomBytes(2 ** 20));
  await world.service.store(spaceId, userId, [known]);
  for (const hash of [sha256(randomBytes(4)), known.hash]) {
    const [first, second, third, ...others] = largeBlocks();
    const wrong = { ...third!, hash: sha256(randomBytes(4)) };
    // The last block is in a small slab, which is verified before the others.
    const small = wrongBlock(10);
    const large = blockOf(randomBytes(2 ** 20));
    const call = [second!, wrong, ...others, { ...first!, hash }, large, small];
    const good = [second!, ...others, large].map((block) => block.hash);
    const failure = { code: "hash_mismatch", body: { hash: wrong.hash } };
    await assert.rejects(world.service.store(spaceId, userId, call), failure);
    assert.deepEqual(await world.service.held(spaceId, good), new Set());
    const leftOut: HashHex[] = [];
    await world.service.store(spaceId, userId, call, (each) => leftOut.push(each));
    assert.deepEqual(leftOut.toSorted(), [wrong.hash, hash, small.hash].toSorted());
    assert.deepEqual(await world.service.held(spaceId, good), new Set(good));
  }
});

test("a large call without room fails like a small one, which hides whether blocks are stored", async () => {
  const full = await makeSpace(databases, (6.5 * 2 ** 20) / 4);
  const send = (blocks: readonly IncomingBlock[], leaveOut?: LeaveOut) =>
    world.service.store(full.spaceId, full.userId, blocks, leaveOut);
  const [first, ...others] = largeBlocks();
  const wrong = { ...first!, hash: sha256(randomBytes(4)) };
  await assert.rejects(send([first!, ...others]), { code: "quota" });
  await assert.rejects(send([wrong, ...others]), { code: "hash_mismatch" });
  const leftOut: HashHex[] = [];
  await send([wrong, ...others], (hash) => leftOut.push(hash));
  assert.deepEqual(leftOut, [wrong.hash]);
  const kept = await world.service.held(
    full.spaceId,
    others.map(({ hash }) => hash),
  );
  assert.equal(kept.size, others.length);
});

test("a large call with a wrong block does not change the uploader of stored ones, whether its hash is stored or not", async () => {
  const thief = await makeSpace(databases);
  const [known, also, wrong, ...others] = largeBlocks();
  await world.service.store(spaceId, userId, [known!, also!]);
  const uploader = async () => {
    const { rows } = await sql<{ uploader: UserId }>`select uploader from shard.space_blocks
      where space_id = ${spaceId} and hash = ${Buffer.from(known!.hash, "hex")}`.execute(
      databases.shards.ofId(spaceId).db,
    );
    return rows[0]?.uploader;
  };
  const small = blockOf(randomBytes(10));
  for (const hash of [known!.hash, also!.hash, sha256(randomBytes(4))]) {
    const call = [...(hash === known!.hash ? [] : [known!]), ...others, ...largeBlocks(), { ...wrong!, hash }, small];
    await assert.rejects(world.service.store(spaceId, thief.userId, call), { code: "hash_mismatch" });
    assert.equal(await uploader(), userId);
  }
  await world.service.store(spaceId, thief.userId, [known!, ...others]);
  assert.equal(await uploader(), thief.userId);
});
