/**
 * Blocks that a scrub moves out of a pack without a readable index are whole in the new pack, even if an older version
 * sealed them.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { sha256 } from "@holdfast/core/hash";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import { startTestDatabases } from "../../base/db/testing.ts";
import type { TestDatabases } from "../../base/db/testing.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { scrubCell } from "./scrub.ts";
import { blockOf, makeSpace, makeTestClock, openBlockWorld, silentBlockLog, startTestPool } from "../testing.ts";

let databases: TestDatabases;
let pool: BlockPool;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = startTestPool();
});
after(async () => {
  await pool.close();
  await databases.stop();
});

/**
 * Simulates how versions before 2026-11-21 stored a block that filled the compressor's buffer (docs/format.md, Blocks).
 */
function withEmptyFrame(): IncomingBlock {
  const plain = Buffer.concat([randomBytes(100), Buffer.alloc(4000)]);
  const frame = zstdCompressSync(plain, { pledgedSrcSize: plain.length });
  const payload = Buffer.concat([frame, Buffer.from("28b52ffd2000010000", "hex")]);
  return { hash: sha256(plain), sizeBytes: plain.length, codec: "zstd", payload, verified: true };
}

test("intact blocks are moved once and stay intact, including those followed by an empty frame", async () => {
  const store = makeMemoryStore({ nowMs: () => Date.now() });
  const clock = makeTestClock();
  const world = await openBlockWorld(pool, { databases, store, clock });
  const { spaceId, userId } = await makeSpace(databases);
  const old = withEmptyFrame();
  const [lost, other] = [blockOf(randomBytes(4000)), blockOf(randomBytes(4000))];
  await world.service.store(spaceId, userId, [old, other, lost]);
  const [pack, ...more] = await Array.fromAsync(store.list("packs/"));
  assert.ok(pack !== undefined && more.length === 0);
  const bytes = Buffer.from(await store.get(pack.key));
  for (const at of [bytes.length - 5, bytes.indexOf(bytes.subarray(-5)) - 37 * 3 - 100]) bytes[at] = ~(bytes[at] ?? 0);
  await store.put(pack.key, bytes);

  const ports = { cell: world.cells.all()[0] ?? assert.fail(), shards: databases.shards, pool, clock };
  const scrub = () => scrubCell({ ...ports, random: randomBytes, log: silentBlockLog });
  const first = await scrub();
  assert.deepEqual([first.repaired.length, first.damaged.map(({ hash }) => hash)], [1, [lost.hash]]);
  const again = await scrub();
  assert.deepEqual([again.repaired.length, again.damaged.map(({ hash }) => hash)], [0, [lost.hash]]);
  assert.equal((await Array.fromAsync(store.list("packs/"))).length, 2, "it is moved once");

  await store.delete(pack.key);
  const read = await Array.fromAsync(world.service.read(spaceId, [old.hash, other.hash]));
  assert.deepEqual(
    read.map((block) => block?.hash),
    [old.hash, other.hash],
  );
  const pieces = await Array.fromAsync(
    world.service.readRange(spaceId, [{ hash: old.hash, size: old.sizeBytes }], 0, old.sizeBytes),
  );
  assert.equal(sha256(Buffer.concat(pieces)), old.hash);
  await world.service.close();
});
