import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import type { HashHex } from "@holdfast/core/ids";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import { type Frame, frameHeaderBytes } from "@holdfast/protocol/frames";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { blockOf, type BlockWorld, makeSpace, openBlockWorld, startTestPool } from "../../packs/testing.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { Actor } from "../../tree/actor.ts";
import { storeFrames } from "./store-frames.ts";

let databases: TestDatabases;
let pool: BlockPool;
let world: BlockWorld;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = startTestPool();
  world = await openBlockWorld(pool, { databases, store: makeMemoryStore({ nowMs: () => Date.now() }) });
});
after(async () => {
  await world.service.close();
  await pool.close();
  await databases.stop();
});

for (const sizeBytes of [4000, 40_000, 200_000, 1_300_000]) {
  test(`a batch stores blocks of ${sizeBytes} bytes in two spaces from the same memory`, async () => {
    const [own, mounted] = [await makeSpace(databases), await makeSpace(databases)] as unknown as [Actor, Actor];
    const blocks = Array.from({ length: 6 }, () => blockOf(randomBytes(sizeBytes)));
    const spaceOf = (hash: HashHex): Actor =>
      blocks.findIndex((block) => block.hash === hash) % 2 === 0 ? own : mounted;
    const room = world.service.room(blocks.length * (sizeBytes + frameHeaderBytes));
    const frames = blocks.map(({ hash, payload }): Frame => {
      const placed = room.place(payload.length);
      placed.set(payload);
      return { kind: "raw", hash, size: payload.length, payload: placed };
    });
    const target = { actorOf: spaceOf, mayUse: () => Promise.resolve(false), room };
    const body = (async function* () {
      yield frames;
    })();
    assert.equal(await storeFrames({ blocks: world.service, codec: pool }, target, body), blocks.length);
    for (const [index, { hash, payload }] of blocks.entries()) {
      const [there, elsewhere] = index % 2 === 0 ? [own, mounted] : [mounted, own];
      const [read] = await Array.fromAsync(world.service.read(there.spaceId, [hash]));
      assert.ok(Buffer.from(payload).equals(read?.payload ?? assert.fail("was not stored")), `block ${index}`);
      assert.deepEqual(await Array.fromAsync(world.service.read(elsewhere.spaceId, [hash])), [undefined]);
    }
  });
}
