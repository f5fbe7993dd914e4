import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import type { StoredBlock } from "../read/stored-block.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import { blockOf, type BlockWorld, makeSpace, makeTestClock, openBlockWorld, startTestPool } from "../testing.ts";

let databases: TestDatabases;
let pool: BlockPool;
let store: ObjectStore;
let world: BlockWorld;
let spaceId: SpaceId;
let userId: UserId;

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

test("stored blocks are read in the requested order, and unknown ones are undefined", async () => {
  const blocks = Array.from({ length: 300 }, (_, index) => blockOf(randomBytes(1000 + index)));
  await world.service.store(spaceId, userId, blocks);
  const hashes = blocks.toReversed().map(({ hash }) => hash);
  const unknown = sha256(randomBytes(3));
  const read = await readAll([...hashes, unknown, ...hashes.slice(0, 3)]);
  assert.deepEqual(
    read.map((block) => block?.hash),
    [...hashes, undefined, ...hashes.slice(0, 3)],
  );
  for (const block of read) if (block !== undefined) assert.equal(sha256(block.payload), block.hash);
});

test("a compressed frame is read back unchanged, and as plain bytes in a range of a file", async () => {
  const parts = [Buffer.alloc(300_000, "abc"), randomBytes(70_000), Buffer.alloc(9000, "xyz")];
  const blocks = parts.map((plain, index) => (index === 1 ? blockOf(plain) : zstdBlockOf(plain)));
  await world.service.store(spaceId, userId, blocks);
  const [first] = await readAll([blocks[0]?.hash ?? assert.fail()]);
  assert.deepEqual(first, { ...pick(blocks[0]), payload: first?.payload });
  assert.deepEqual(Buffer.from(first?.payload ?? []), Buffer.from(blocks[0]?.payload ?? []));
  const entries = blocks.map(({ hash, sizeBytes }) => ({ hash, size: sizeBytes }));
  const whole = Buffer.concat(parts);
  for (const [start, end] of [
    [0, whole.length],
    [299_999, 300_001],
    [300_000, 370_000],
    [5, 5],
    [370_001, 379_000],
  ] as const) {
    const pieces = await Array.fromAsync(world.service.readRange(spaceId, entries, start, end));
    assert.ok(whole.subarray(start, end).equals(Buffer.concat(pieces)), `${start} to ${end}`);
    assert.ok(
      pieces.every(({ length }) => length > 0),
      "no block is read in vain",
    );
  }
  await assert.rejects(Array.fromAsync(world.service.readRange(spaceId, entries, 0, whole.length + 1)), {
    code: "range",
  });
});

test("each batch waits for its room, has few decoded blocks, and releases its room", async (t) => {
  const sizeBytes = 4 * 1024 * 1024;
  const count = 12;
  const blocks = Array.from({ length: count }, (_, index) =>
    zstdBlockOf(Buffer.alloc(sizeBytes, `${spaceId} ${index}`)),
  );
  await world.service.store(spaceId, userId, blocks);
  const entries = blocks.map(({ hash }) => ({ hash, size: sizeBytes }));
  const got = t.mock.method(store, "get");
  let heldBytes = 0;
  let mostBytes = 0;
  let gate = Promise.withResolvers<void>();
  const reading = {
    take: async (wantedBytes: number) => {
      await gate.promise;
      heldBytes += wantedBytes;
      mostBytes = Math.max(mostBytes, heldBytes);
      return () => void (heldBytes -= wantedBytes);
    },
    takeAhead: () => undefined,
  };
  const open = () => world.service.readRange(spaceId, entries, 0, count * sizeBytes, { reading });
  const first = open().next();
  await Promise.race([first, world.service.held(spaceId, [])]);
  assert.equal(got.mock.callCount(), 0);
  gate.resolve();
  await first;
  assert.ok(heldBytes >= sizeBytes, "what was handed on counts");
  gate = Promise.withResolvers();
  gate.resolve();
  heldBytes = 0;
  const pieces = await Array.fromAsync(open());
  assert.equal(pieces.length, count);
  assert.equal(heldBytes, 0);
  assert.ok(mostBytes < 3 * sizeBytes, `${mostBytes} bytes at once`);
  const left = open();
  assert.equal((await left.next()).value?.length, sizeBytes);
  await left.return(undefined);
  assert.equal(heldBytes, 0, "who leaves in the middle gives it back");
});

test("one wrong block rejects the call, and nothing of it is stored", async () => {
  const good = blockOf(randomBytes(5000));
  const wrong = { ...blockOf(randomBytes(5000)), hash: sha256(randomBytes(4)) };
  const known = await listPacks();
  await assert.rejects(world.service.store(spaceId, userId, [good, wrong]), { code: "hash_mismatch" });
  assert.deepEqual(await readAll([good.hash, wrong.hash]), [undefined, undefined]);
  assert.deepEqual(await listPacks(), known);
});

test("500 small blocks of a call share one pack, and storing them again writes none", async () => {
  const blocks = Array.from({ length: 500 }, () => blockOf(randomBytes(1600)));
  const known = await listPacks();
  await world.service.store(spaceId, userId, blocks);
  await world.service.store(spaceId, userId, [...blocks, ...blocks]);
  assert.equal((await listPacks()).length, known.length + 1);
  const held = await world.service.held(spaceId, [...blocks.map(({ hash }) => hash), sha256(randomBytes(2))]);
  assert.equal(held.size, 500);
});

test("simultaneous calls share packs, even of different spaces", async () => {
  const other = await makeSpace(databases);
  const known = await listPacks();
  const calls = Array.from({ length: 40 }, (_, index) => {
    const place = index % 2 === 0 ? { spaceId, userId } : other;
    return world.service.store(place.spaceId, place.userId, [blockOf(randomBytes(100))]);
  });
  await Promise.all(calls);
  const added = (await listPacks()).length - known.length;
  assert.ok(added >= 1 && added < 20, `${added} packs for 40 calls`);
});

test("the same block in simultaneous calls is acknowledged to all, and counted once", async () => {
  const place = await makeSpace(databases);
  const blocks = Array.from({ length: 20 }, () => blockOf(randomBytes(100)));
  await Promise.all(Array.from({ length: 8 }, () => world.service.store(place.spaceId, place.userId, blocks)));
  assert.equal(
    (
      await world.service.held(
        place.spaceId,
        blocks.map(({ hash }) => hash),
      )
    ).size,
    20,
  );
  assert.equal(await storedBytes(place.spaceId), 2000);
  const { rows } = await sql<{ differ: number }>`
    select count(*) as differ from cell.holders natural join shard.space_blocks as b where b.space_id = ${place.spaceId}`.execute(
    databases.cells.all()[0]?.db ?? assert.fail(),
  );
  assert.equal(rows[0]?.differ, 20, "each holder has the stamp of its space's row");
});

test("a block stored again gets a later stamp, even if the clock went back", async () => {
  const place = await makeSpace(databases);
  const block = blockOf(randomBytes(500));
  const ahead = makeTestClock();
  ahead.forwardMs(50_000);
  const earlier = await openBlockWorld(pool, { databases, store, clock: ahead });
  await earlier.service.store(place.spaceId, place.userId, [block]);
  const [old] = await stampsOf(place.spaceId);
  await sql`update cell.blocks set state = 'damaged' where hash = ${Buffer.from(block.hash, "hex")}`.execute(
    databases.cells.all()[0]?.db ?? assert.fail(),
  );
  await world.service.store(place.spaceId, place.userId, [block]);
  const [fresh] = await stampsOf(place.spaceId);
  assert.ok(old !== undefined && fresh !== undefined);
  assert.ok(fresh.holder > old.holder);
  assert.equal(fresh.stored, fresh.holder);
});

test("a block that only another space holds counts as not held and is written again", async () => {
  const other = await makeSpace(databases);
  const block = blockOf(randomBytes(5000));
  await world.service.store(spaceId, userId, [block]);
  assert.equal((await world.service.held(other.spaceId, [block.hash])).size, 0);
  assert.deepEqual(await readAll([block.hash], other.spaceId), [undefined]);
  const known = await listPacks();
  await world.service.store(other.spaceId, other.userId, [block]);
  assert.equal((await listPacks()).length, known.length + 1);
});

test("no more than four times the quota is stored", async () => {
  const small = await makeSpace(databases, 1000);
  await world.service.store(small.spaceId, small.userId, [blockOf(randomBytes(4000))]);
  await assert.rejects(world.service.store(small.spaceId, small.userId, [blockOf(randomBytes(1))]), { code: "quota" });
});

test("a pack contains neither the plain bytes nor the hashes of its blocks", async () => {
  const plain = Buffer.from(`the quick brown fox ${randomBytes(8).toString("hex")}`.repeat(9));
  const known = new Set(await listPacks());
  await world.service.store(spaceId, userId, [blockOf(plain)]);
  const key = (await listPacks()).find((each) => !known.has(each));
  const pack = Buffer.from(await store.get(key ?? assert.fail()));
  assert.equal(pack.indexOf("quick brown"), -1);
  assert.equal(pack.indexOf(Buffer.from(sha256(plain), "hex")), -1);
  assert.equal(pack.indexOf(sha256(plain)), -1);
});

test("a flipped byte is detected, reported and marked, and healed by another upload of the block", async () => {
  const place = await makeSpace(databases);
  const block = blockOf(randomBytes(5000));
  const known = new Set(await listPacks());
  await world.service.store(place.spaceId, place.userId, [block]);
  const key = (await listPacks()).find((each) => !known.has(each)) ?? "";
  const pack = Buffer.from(await store.get(key));
  pack[2000] = (pack[2000] ?? 0) ^ 1;
  await store.put(key, pack);
  await assert.rejects(readAll([block.hash], place.spaceId), (error) => {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.code, "damaged");
    assert.deepEqual(error.body, { hash: block.hash, files: [] });
    return true;
  });
  assert.equal((await world.service.held(place.spaceId, [block.hash])).size, 0, "a damaged block answers as not held");
  await world.service.store(place.spaceId, place.userId, [block]);
  assert.equal((await readAll([block.hash], place.spaceId))[0]?.hash, block.hash);
  assert.equal(await storedBytes(place.spaceId), 5000);
});

test("a missing pack is looked up again, and another copy is read", async () => {
  const place = await makeSpace(databases);
  const block = blockOf(randomBytes(5000));
  await world.service.store(spaceId, userId, [block]);
  const known = new Set(await listPacks());
  await world.service.store(place.spaceId, place.userId, [block]);
  const key = (await listPacks()).find((each) => !known.has(each)) ?? "";
  await store.delete(key);
  assert.equal((await readAll([block.hash], place.spaceId))[0]?.hash, block.hash);
});

test("small blocks are read in upload order with few calls to the store", async () => {
  let gets = 0;
  const counting: ObjectStore = { ...store, get: (...call) => ((gets += 1), store.get(...call)) };
  const { service } = await openBlockWorld(pool, { databases, store: counting });
  const blocks = Array.from({ length: 1000 }, () => blockOf(randomBytes(8000)));
  await service.store(spaceId, userId, blocks);
  gets = 0;
  const hashes = blocks.map(({ hash }) => hash);
  const read = await Array.fromAsync(service.read(spaceId, hashes));
  assert.deepEqual(
    read.map((block) => block?.hash),
    hashes,
  );
  assert.ok(gets >= 2 && gets <= 4, `${gets} calls for 8 MB`);
});

test("calls beyond the limit on bytes in flight wait, and are still stored", async () => {
  const { service } = await openBlockWorld(pool, { databases, store, bytesInFlightMax: 10_000 });
  const calls = Array.from({ length: 30 }, () => [blockOf(randomBytes(4000))]);
  calls.push([blockOf(randomBytes(50_000))]);
  await Promise.all(calls.map((blocks) => service.store(spaceId, userId, blocks)));
  const hashes = calls.flat().map(({ hash }) => hash);
  assert.equal((await service.held(spaceId, hashes)).size, 31);
});

test("a read with transient buffers returns the right bytes, each until the next is requested", async () => {
  const parts = Array.from({ length: 30 }, (_, index) =>
    index % 7 === 0 ? Buffer.alloc(900_000, index) : randomBytes(700_000),
  );
  const blocks = parts.map((plain, index) => (index % 7 === 0 ? zstdBlockOf(plain) : blockOf(plain)));
  for (let start = 0; start < blocks.length; start += 10) {
    await world.service.store(spaceId, userId, blocks.slice(start, start + 10));
  }
  const entries = blocks.map(({ hash, sizeBytes }) => ({ hash, size: sizeBytes }));
  const readOnce = async () => {
    let index = 0;
    for await (const plain of world.service.readRange(spaceId, entries, 0, 6 * 700_000 * 5, { passing: true })) {
      if (index < 20) assert.ok(parts[index]?.equals(plain), `block ${index}`);
      index += 1;
    }
    index = 0;
    const hashes = blocks.map(({ hash }) => hash);
    for await (const block of world.service.read(spaceId, hashes, { passing: true })) {
      assert.ok(Buffer.from(blocks[index]?.payload ?? []).equals(block?.payload ?? assert.fail()), `block ${index}`);
      index += 1;
    }
    assert.equal(index, blocks.length);
  };
  await Promise.all([readOnce(), readOnce(), readOnce()]);
});

test("an aborted signal ends a read", async () => {
  const blocks = Array.from({ length: 12 }, () => blockOf(randomBytes(1_000_000)));
  await world.service.store(spaceId, userId, blocks);
  const abort = new AbortController();
  const reading = world.service.read(
    spaceId,
    blocks.map(({ hash }) => hash),
    { signal: abort.signal },
  );
  await reading.next();
  abort.abort();
  await assert.rejects(Array.fromAsync(reading), { code: "request_timeout" });
});

test("an old held answer renews its time, and a locked row counts as not held", async () => {
  const place = await makeSpace(databases);
  const clock = makeTestClock();
  const { service } = await openBlockWorld(pool, { databases, store, clock });
  const block = blockOf(randomBytes(50));
  await service.store(place.spaceId, place.userId, [block]);
  const stored = await sinceOf(place.spaceId, block.hash);
  await service.held(place.spaceId, [block.hash]);
  assert.equal(await sinceOf(place.spaceId, block.hash), stored, "a young one is left alone");
  clock.forwardMs(2 * 3600_000);
  const { db } = databases.shards.ofId(place.spaceId);
  await db.transaction().execute(async (transaction) => {
    await sql`select from shard.space_blocks where space_id = ${place.spaceId} for update`.execute(transaction);
    assert.equal((await service.held(place.spaceId, [block.hash])).size, 0);
  });
  assert.equal((await service.held(place.spaceId, [block.hash])).size, 1);
  assert.ok((await sinceOf(place.spaceId, block.hash)) > stored + 3600_000_000);
});

test("a tail opens only at its own place", async () => {
  const place = { sessionId: spaceId, generation: 3, offset: 4096, sizeBytes: 1000 };
  const plain = randomBytes(1000);
  const tail = await world.service.sealTail(place, plain);
  assert.equal(tail.sealed.indexOf(plain.subarray(0, 16)), -1);
  assert.deepEqual(Buffer.from(await world.service.openTail(place, tail)), plain);
  for (const elsewhere of [{ generation: 4 }, { offset: 0 }, { sessionId: userId }]) {
    await assert.rejects(world.service.openTail({ ...place, ...elsewhere }, tail), { code: "damaged" });
  }
});

function readAll(hashes: readonly HashHex[], space = spaceId): Promise<(StoredBlock | undefined)[]> {
  return Array.fromAsync(world.service.read(space, hashes));
}

async function listPacks(): Promise<string[]> {
  return (await Array.fromAsync(store.list("packs/"))).map(({ key }) => key);
}

async function storedBytes(space: SpaceId): Promise<number | undefined> {
  const { rows } = await sql<{
    stored_bytes: number;
  }>`select stored_bytes from shard.spaces where id = ${space}`.execute(databases.shards.ofId(space).db);
  return rows[0]?.stored_bytes;
}

async function stampsOf(space: SpaceId): Promise<{ holder: number; stored: number }[]> {
  const { rows } = await sql<{ holder: number; stored: number }>`
    select holder.stamp as holder, block.stamp as stored
    from cell.holders as holder join shard.space_blocks as block on block.hash = holder.hash and block.space_id = holder.space_id
    where block.space_id = ${space}`.execute(databases.shards.ofId(space).db);
  return rows;
}

async function sinceOf(space: SpaceId, hash: HashHex): Promise<number> {
  const { rows } = await sql<{ since: number }>`select since from shard.space_blocks
    where space_id = ${space} and hash = ${Buffer.from(hash, "hex")}`.execute(databases.shards.ofId(space).db);
  return rows[0]?.since ?? 0;
}

function zstdBlockOf(plain: Buffer): IncomingBlock {
  const payload = zstdCompressSync(plain, { pledgedSrcSize: plain.length });
  return { hash: sha256(plain), sizeBytes: plain.length, codec: "zstd", payload, verified: false };
}

function pick(block: IncomingBlock | undefined): Omit<StoredBlock, "payload"> {
  assert.ok(block !== undefined);
  return { hash: block.hash, sizeBytes: block.sizeBytes, codec: block.codec };
}
