/**
 * Collection waits for everything that forbids it. Wherever it is interrupted, held blocks are readable, and the rest
 * is deleted later.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { adoptOrphans } from "../repair/adopt-orphans.ts";
import { noteRebuilt, requireRebuild } from "../facts/cell-facts.ts";
import { rebuildIndex } from "../repair/rebuild-index.ts";
import { scrubCell } from "../repair/scrub.ts";
import type { CollectCrashPoint } from "./collect-ports.ts";
import { collectCell } from "./collect-cell.ts";
import { pinPacks, unpinPacks } from "./pack-pins.ts";
import { dayMs, hashesOf, someBlocks, useCollectScene } from "./testing-collect.ts";

const scene = useCollectScene();

test("no object is deleted while packs are pinned, and a pin ends by expiry or on request", async () => {
  const { world, ann } = scene;
  const blocks = someBlocks(3);
  await world.put(ann, ...blocks);
  await pinPacks(world.cell.db, "backup", world.clock.nowMicros() + 40 * dayMs * 1000);
  await world.forget(ann, ...blocks);
  await world.collectForDays(30);
  assert.deepEqual(await world.copies(), []);
  assert.equal((await world.packKeys()).length, 1);
  assert.equal((await collectCell(world.ports, { dryRun: true })).packs, 0);
  await world.collectForDays(11);
  await world.assertEmpty();

  await world.put(ann, ...blocks);
  await pinPacks(world.cell.db, "backup", world.clock.nowMicros() + 400 * dayMs * 1000);
  await world.forget(ann, ...blocks);
  await world.collectForDays(30);
  await unpinPacks(world.cell.db, "backup");
  await world.collectForDays(1);
  await world.assertEmpty();
});

test("pinning packs or rebuilding the index waits for deletions in progress and stops later ones", async () => {
  const { world, ann, bob } = scene;
  const { db } = world.cell;
  const forbidPins = async () => {
    await pinPacks(db, "backup", world.clock.nowMicros() + 400 * dayMs * 1000);
    return () => unpinPacks(db, "backup");
  };
  const forbidByRebuild = async () => {
    const required = await requireRebuild(db);
    return () => noteRebuilt(db, required);
  };
  for (const forbid of [forbidPins, forbidByRebuild]) {
    const blocks = someBlocks(1);
    await world.put(ann, ...blocks);
    await world.forget(ann, ...blocks);
    for (let day = 0; day < 9; day += 1) await world.collectForDays(1);
    world.clock.forwardMs(8 * dayMs);
    const order: string[] = [];
    let forbidding: Promise<() => Promise<void>> | undefined;
    const { store } = world.cell;
    const slow: ObjectStore = {
      ...store,
      async delete(key, options) {
        forbidding = forbid().then((end) => {
          order.push("forbidden");
          return end;
        });
        await world.someoneWaits(() => order.length > 0);
        await store.delete(key, options);
        order.push("deleted");
      },
    };
    const deleted = await collectCell({ ...world.ports, cell: { ...world.cell, store: slow } });
    assert.equal(deleted.packs, 1);
    const allow = await forbidding;
    assert.deepEqual(order, ["deleted", "forbidden"]);
    await world.put(bob, ...blocks);
    await world.forget(bob, ...blocks);
    await world.collectForDays(30);
    assert.equal((await world.packKeys()).length, 1);
    await allow?.();
    await world.collectForDays(30);
    await world.assertEmpty();
  }
});

test("an incomplete index dooms, deletes and rewrites nothing", async () => {
  const { world, ann, pool } = scene;
  const blocks = someBlocks(10);
  await world.put(ann, ...blocks);
  await world.forget(ann, ...blocks.slice(0, 6));
  await requireRebuild(world.cell.db);
  const copies = await world.copies();
  await world.collectForDays(30);
  assert.deepEqual(await world.copies(), copies);
  assert.equal((await world.packKeys()).length, 1);
  const { cells, shards, clock, log } = world.ports;
  await rebuildIndex({ cells, shards, pool, clock, log });
  await world.collectForDays(30);
  assert.equal((await world.copies()).length, 4);
});

test("a rebuilt index includes packs without rows, which are collected again in time", async () => {
  const { world, ann, pool } = scene;
  const blocks = someBlocks(10);
  await world.put(ann, ...blocks);
  await world.forget(ann, ...blocks.slice(0, 6));
  await world.collectForDays(10);
  assert.equal((await world.packKeys()).length, 2);
  const { cells, shards, clock, log } = world.ports;
  await rebuildIndex({ cells, shards, pool, clock, log });
  assert.equal((await world.copies()).length, 14);
  await world.collectForDays(5);
  assert.equal((await world.packKeys()).length, 2, "the object that is named again is not deleted");
  await world.collectForDays(20);
  assert.equal((await world.packKeys()).length, 1);
  assert.deepEqual(await world.read(ann, hashesOf(blocks.slice(6))), ["raw", "raw", "raw", "raw"]);
});

for (const point of [
  "blocks doomed",
  "rows gone",
  "rewritten pack durable",
  "rewritten rows",
  "object deleted",
] as const) {
  test(`a process that ends after "${point}" has lost nothing, and the next one goes on`, async () => {
    const { world, ann, bob } = scene;
    const blocks = someBlocks(20);
    await world.put(ann, ...blocks);
    await world.put(bob, ...blocks.slice(10, 17));
    await world.forget(ann, ...blocks.slice(0, 15));
    let ended = 0;
    const ends: CollectCrashPoint = (reached) => {
      if (reached !== point) return;
      ended += 1;
      throw new Error("The process ends here.");
    };
    for (let day = 0; day < 30; day += 1) {
      world.clock.forwardMs(dayMs);
      if (ended < 3) await world.collect(ends).catch(() => {});
      else await world.collect();
      assert.ok((await world.read(ann, hashesOf(blocks.slice(15)))).every((told) => told === "raw"));
      assert.ok((await world.read(bob, hashesOf(blocks.slice(10, 17)))).every((told) => told === "raw"));
      const { cell, clock, log } = world.ports;
      await adoptOrphans({ cell, clock, log }, { graceMs: dayMs / 2 });
    }
    assert.ok(ended > 0);
    await world.assertBooks();
    await world.forget(ann, ...blocks.slice(15));
    await world.forget(bob, ...blocks.slice(10, 17));
    await world.collectForDays(40);
    await world.assertEmpty();
  });
}

test("a reader whose copy's pack was rewritten and deleted reads the other copy", async () => {
  const { world, ann, pool } = scene;
  const blocks = someBlocks(7, 2_500_000);
  await world.put(ann, ...blocks);
  const [old] = await world.packKeys();
  await world.forget(ann, ...blocks.slice(0, 4));
  const kept = hashesOf(blocks.slice(4));
  // Rows of all blocks are read with the first. Each block is read separately, and the second one ahead.
  const reading = world.service.read(ann.spaceId, kept);
  const read = [(await reading.next()).value?.hash];
  await world.collectForDays(20);
  assert.equal((await world.packKeys()).length, 1);
  assert.ok(!(await world.packKeys()).includes(old ?? ""));
  for await (const block of reading) read.push(block?.hash);
  assert.deepEqual(read, kept);
  const { cell, shards, clock, random, log } = world.ports;
  assert.deepEqual((await scrubCell({ cell, shards, pool, clock, random, log })).damaged, []);
});
