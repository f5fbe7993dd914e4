/**
 * Life of an unneeded block: released -> waits -> doomed -> its row is deleted -> its pack shrinks, is rewritten, is
 * empty -> the object is deleted. Wherever this is interrupted, held blocks are readable, and unneeded ones are deleted
 * in the end.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import { adoptOrphans } from "../repair/adopt-orphans.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import { packKey } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";
import { scrubCell } from "../repair/scrub.ts";
import { collectCell } from "./collect-cell.ts";
import { settleCells } from "./settle-cells.ts";
import { bothForms, dayMs, hashesOf, someBlocks, type TestSpace, useCollectScene } from "./testing-collect.ts";

const scene = useCollectScene();

test("a block without holders is collected step by step, together with its pack", async () => {
  const { world, ann } = scene;
  const blocks = someBlocks(5);
  await world.put(ann, ...blocks);
  assert.deepEqual(await world.collect(), { bytes: 0, blocks: 0, packs: 0 });
  await world.forget(ann, ...blocks);
  assert.deepEqual(new Set((await world.copies()).map(({ waits }) => waits)), new Set([true]));

  world.clock.forwardMs(7 * dayMs - 60_000);
  await world.collect();
  assert.equal((await world.copies())[0]?.state, "live");
  world.clock.forwardMs(120_000);
  await world.collect();
  assert.deepEqual(new Set((await world.copies()).map(({ state }) => state)), new Set(["doomed"]));
  world.clock.forwardMs(dayMs - 60_000);
  assert.equal((await world.collect()).blocks, 0);
  world.clock.forwardMs(120_000);
  assert.deepEqual(await dryRun(), { bytes: 0, blocks: 5, packs: 0 });
  assert.deepEqual(await world.collect(), { bytes: 0, blocks: 5, packs: 0 });
  assert.deepEqual(await world.copies(), []);
  assert.equal((await world.packKeys()).length, 1, "readers that found it before may still read it");

  world.clock.forwardMs(7 * dayMs - 60_000);
  assert.equal((await world.collect()).packs, 0);
  world.clock.forwardMs(120_000);
  const [stat] = await Array.fromAsync(world.store.list("packs/"));
  const due = { bytes: stat?.sizeBytes ?? 0, blocks: 0, packs: 1 };
  assert.deepEqual(await dryRun(), due);
  assert.deepEqual(await dryRun(), due, "a dry run changes nothing");
  assert.deepEqual(await world.collect(), due);
  await world.assertEmpty();
});

const dryRun = () => collectCell(scene.world.ports, { dryRun: true });

test("a held block stays despite repeated and late releases", async () => {
  const { world, ann } = scene;
  const blocks = someBlocks(4);
  await world.put(ann, ...blocks);
  const first = await world.drop(ann, hashesOf(blocks));
  await world.put(ann, ...blocks);
  await world.release(ann, first);
  await world.release(ann, first);
  await world.collectForDays(20);
  assert.deepEqual(await world.read(ann, hashesOf(blocks)), ["raw", "raw", "raw", "raw"]);
  const second = await world.drop(ann, hashesOf(blocks));
  await world.release(ann, second);
  await world.release(ann, first);
  await world.collectForDays(20);
  await world.assertEmpty();
});

test("two simultaneous releases of a block always mark it as unheld", async () => {
  const { world, ann, bob } = scene;
  const blocks = someBlocks(50);
  for (let round = 0; round < 10; round += 1) {
    await world.put(ann, ...blocks);
    await world.hold(bob, ann, new Map(blocks.map(({ hash, sizeBytes }) => [hash, sizeBytes])));
    const [ofAnn, ofBob] = [await world.drop(ann, hashesOf(blocks)), await world.drop(bob, hashesOf(blocks))];
    await Promise.all([world.release(ann, ofAnn), world.release(bob, ofBob)]);
    const copies = await world.copies();
    assert.ok(copies.length >= blocks.length, `${copies.length} copies`);
    assert.ok(copies.every(({ waits }) => waits));
  }
});

test("a hold on a copy that is being released waits, and then fails as unavailable", async () => {
  const { world, ann, bob } = scene;
  const [block] = someBlocks(1);
  assert.ok(block);
  await world.put(ann, block);
  let isSettled = false;
  const holding = await world.cell.db.transaction().execute(async (transaction) => {
    await sql`delete from cell.holders where space_id = ${ann.spaceId}`.execute(transaction);
    const held = world.hold(bob, ann, new Map([[block.hash, block.sizeBytes]]));
    const settled = held.catch(() => {}).then(() => (isSettled = true));
    await world.someoneWaits(() => isSettled);
    return { held, settled };
  });
  await assert.rejects(holding.held, { code: "unavailable" });
  await holding.settled;
});

test("a hold on another space's copy either succeeds or fails, at any moment of its release", async () => {
  const { world, ann, bob } = scene;
  for (let round = 0; round < 10; round += 1) {
    const [block] = someBlocks(1);
    assert.ok(block);
    await world.put(ann, block);
    const dropped = await world.drop(ann, [block.hash]);
    const [held] = await Promise.allSettled([
      world.hold(bob, ann, new Map([[block.hash, block.sizeBytes]])),
      world.release(ann, dropped),
    ]);
    await world.collectForDays(10);
    const read = await world.read(bob, [block.hash]);
    assert.deepEqual(read, [held.status === "fulfilled" ? "raw" : "lost"], `round ${round}`);
  }
});

test("a half-dead pack is rewritten, its rest is read from the new pack, and the old one is deleted in time", async () => {
  const { world, ann } = scene;
  const blocks = someBlocks(10);
  await world.put(ann, ...blocks);
  const [old] = await world.packKeys();
  const gone = blocks.slice(0, 6);
  const kept = blocks.slice(6);
  await world.forget(ann, ...gone);
  await world.collectForDays(9);
  const packs = await world.packKeys();
  assert.equal(packs.length, 2, "the old object stays for whoever looked its rows up");
  const copies = await world.copies();
  assert.equal(copies.length, 4);
  assert.ok(copies.every(({ packId }) => packKey(packId as PackId) !== old));
  assert.deepEqual(await world.read(ann, hashesOf(kept)), ["raw", "raw", "raw", "raw"]);
  await world.collectForDays(8);
  assert.equal((await world.packKeys()).length, 1);
  assert.notEqual((await world.packKeys())[0], old);
  assert.deepEqual(await world.read(ann, hashesOf(kept)), ["raw", "raw", "raw", "raw"]);
  await world.assertBooks();
});

test("packs with a third of dead bytes are rewritten too, which keeps the waste below a tenth", async () => {
  const { world, ann } = scene;
  const groups = Array.from({ length: 6 }, () => someBlocks(30));
  for (const group of groups) await world.put(ann, ...group);
  for (const group of groups.slice(0, 4)) await world.forget(ann, ...group.slice(0, 10));
  await world.collectForDays(18);
  const { rows } = await sql<{ live: number; packed: number }>`
    select sum(live_bytes) as live, sum(packed_bytes) as packed from cell.packs`.execute(world.cell.db);
  const [{ live, packed } = assert.fail()] = rows;
  assert.ok(packed <= live * 1.1, `${packed} bytes are kept for ${live}`);
  const kept = [...groups.slice(0, 4).flatMap((group) => group.slice(10)), ...groups.slice(4).flat()];
  assert.ok((await world.read(ann, hashesOf(kept))).every((told) => told === "raw"));
});

test("identical copies of two spaces are merged, and each space reads the form that it sent", async () => {
  const { world, ann, bob } = scene;
  const equal = bothForms();
  const other = bothForms();
  const rest = someBlocks(8, 3000);
  await world.put(ann, ...rest, equal.zstd, other.raw);
  await world.put(bob, ...rest, equal.zstd, other.zstd);
  assert.equal((await world.copies(equal.raw)).length, 2);
  await world.forget(ann, ...rest);
  await world.forget(bob, ...rest);
  await world.collectForDays(20);
  assert.equal((await world.copies(equal.raw)).length, 1);
  assert.equal((await world.copies(other.raw)).length, 2);
  assert.deepEqual(await world.read(ann, [equal.raw.hash, other.raw.hash]), ["zstd", "raw"]);
  assert.deepEqual(await world.read(bob, [equal.raw.hash, other.raw.hash]), ["zstd", "zstd"]);
  await world.forget(ann, equal.zstd, other.raw);
  await world.collectForDays(20);
  assert.deepEqual(await world.read(bob, [equal.raw.hash, other.raw.hash]), ["zstd", "zstd"]);
  await world.forget(bob, equal.zstd, other.raw);
  await world.collectForDays(20);
  await world.assertEmpty();
});

test("an abandoned copy of a block held by another space is deleted once that space's own copy was read", async () => {
  const { world, ann, bob } = scene;
  const [block] = someBlocks(1);
  assert.ok(block);
  await world.put(ann, block);
  await world.put(bob, block);
  const [own] = await ownPack(bob, block);
  await world.forget(ann, block);
  await breakCopy(own ?? "", block);
  await world.collectForDays(20);
  assert.equal((await world.copies(block)).length, 2, "bob's is broken, so both stay");
  assert.deepEqual(await world.read(bob, [block.hash]), ["raw"]);
  await world.put(bob, block);
  await world.collectForDays(3);
  await settleCells(world.ports);
  await world.collectForDays(20);
  await settleCells(world.ports);
  await world.collectForDays(20);
  assert.equal((await world.copies(block)).length, 1);
  assert.deepEqual(await world.read(bob, [block.hash]), ["raw"]);
  assert.equal((await world.packKeys()).length, 1);
});

test("a copy stays where it is if its duplicate is found damaged while the pack is rewritten", async () => {
  const { world, ann, bob, pool } = scene;
  const [equal = assert.fail(), ...rest] = someBlocks(10);
  await world.put(ann, equal, ...rest);
  await world.put(bob, equal);
  const [others] = await ownPack(bob, equal);
  await world.forget(ann, ...rest.slice(0, 8));
  const { cell, shards, clock, random, log } = world.ports;
  let isBroken = false;
  const store: ObjectStore = {
    ...cell.store,
    async put(key, bytes, options) {
      await cell.store.put(key, bytes, options);
      if (isBroken) return;
      isBroken = true;
      await breakCopy(others ?? "", equal);
      await scrubCell({ cell, shards, pool, clock, random, log });
    },
  };
  for (let day = 0; day < 10; day += 1) {
    world.clock.forwardMs(dayMs + 1000);
    await collectCell({ ...world.ports, cell: { ...cell, store } });
  }
  assert.ok(isBroken, "no pack was rewritten");
  await world.collectForDays(20);
  for (const space of [ann, bob]) assert.deepEqual(await world.read(space, [equal.hash]), ["raw"]);
});

test("an orphan whose blocks were sent again is collected normally", async () => {
  const { world, ann } = scene;
  const blocks = someBlocks(4);
  world.crashPoint = (reached) => {
    if (reached === "pack durable") throw new Error("The process ends here.");
  };
  await assert.rejects(world.put(ann, ...blocks), { code: "unavailable" });
  world.crashPoint = () => {};
  await world.put(ann, ...blocks);
  world.clock.forwardMs(dayMs);
  const { cell, clock, log } = world.ports;
  assert.equal((await adoptOrphans({ cell, clock, log }, { graceMs: dayMs / 2 })).packs, 1);
  await world.collectForDays(20);
  assert.equal((await world.packKeys()).length, 1);
  assert.ok((await world.read(ann, hashesOf(blocks))).every((told) => told === "raw"));
});

test("an upload interrupted between its rows leaves a holder unknown to the space, which is released", async () => {
  const { world, ann } = scene;
  const blocks = someBlocks(4);
  world.crashPoint = (reached) => {
    if (reached === "cell rows") throw new Error("The process ends here.");
  };
  await assert.rejects(world.put(ann, ...blocks), { code: "unavailable" });
  world.crashPoint = () => {};
  await settleCells(world.ports);
  assert.deepEqual(
    (await world.copies()).map(({ waits }) => waits),
    blocks.map(() => false),
    "it may be under way",
  );
  world.clock.forwardMs(dayMs);
  await settleCells(world.ports);
  await world.collectForDays(20);
  await world.assertEmpty();
});

test("an upload so slow that its pack may be gone is not acknowledged", async () => {
  const { world, ann } = scene;
  for (const late of ["pack durable", "cell rows"] as const) {
    world.crashPoint = (reached) => {
      if (reached === late) world.clock.forwardMs(3600_000);
    };
    await assert.rejects(world.put(ann, ...someBlocks(1)), { code: "unavailable" });
  }
});

test("a missing holder is restored before its block is collected", async () => {
  const { world, ann } = scene;
  const blocks = someBlocks(4);
  await world.put(ann, ...blocks);
  await sql`delete from cell.holders`.execute(world.cell.db);
  await settleCells(world.ports);
  await world.collectForDays(20);
  assert.ok((await world.read(ann, hashesOf(blocks))).every((told) => told === "raw"));
  const [own] = await ownPack(ann, blocks[0] ?? assert.fail());
  assert.ok(own !== undefined && own !== null);
});

test("a partly unreadable pack is not rewritten, and its lost blocks are recorded", async () => {
  const { world, ann } = scene;
  const blocks = someBlocks(10);
  await world.put(ann, ...blocks);
  await world.forget(ann, ...blocks.slice(0, 6));
  const [lost = assert.fail(), ...whole] = blocks.slice(6);
  const [copy] = await world.copies(lost);
  await breakCopy(copy?.packId ?? "", lost);
  await world.collectForDays(20);
  assert.equal((await world.packKeys()).length, 1);
  assert.deepEqual(await world.read(ann, hashesOf(whole)), ["raw", "raw", "raw"]);
  await world.put(ann, lost);
  await world.collectForDays(10);
  await settleCells(world.ports);
  await world.collectForDays(30);
  assert.deepEqual(await world.read(ann, hashesOf([lost, ...whole])), ["raw", "raw", "raw", "raw"]);
  assert.ok((await world.copies()).every(({ state }) => state === "live"));
});

async function ownPack({ spaceId }: TestSpace, { hash }: IncomingBlock): Promise<(string | null)[]> {
  const { rows } = await sql<{ packId: string | null }>`
    select pack_id as "packId" from cell.holders where space_id = ${spaceId} and hash = ${Buffer.from(hash, "hex")}`.execute(
    scene.world.cell.db,
  );
  return rows.map(({ packId }) => packId);
}

async function breakCopy(packId: string, block: IncomingBlock): Promise<void> {
  const copy =
    (await scene.world.copies(block)).find((each) => each.packId === packId) ?? assert.fail("there is no such copy");
  const key = packKey(packId as PackId);
  const bytes = Uint8Array.from(await scene.world.store.get(key));
  bytes[copy.offset + 3] = (bytes[copy.offset + 3] ?? 0) ^ 1;
  await scene.world.store.put(key, bytes);
}
