import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { bucketOf, type HashHex, makeId, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { encodeEntries } from "@holdfast/core/manifest";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { type KyselyPlugin, sql } from "kysely";
import type { Shard } from "../../base/db/shards.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { adoptOrphans } from "./adopt-orphans.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import { isIndexComplete, noteRebuilt, requireRebuild } from "../facts/cell-facts.ts";
import { rebuildIndex } from "./rebuild-index.ts";
import { scrubCell } from "./scrub.ts";
import { readScrubReport } from "./scrub-report.ts";
import {
  blockOf,
  type BlockWorld,
  makeSpace,
  makeTestClock,
  openBlockWorld,
  silentBlockLog,
  startTestPool,
} from "../testing.ts";

let databases: TestDatabases;
let pool: BlockPool;
let store: ObjectStore;
let world: BlockWorld;
const clock = makeTestClock();
const log = silentBlockLog;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = startTestPool();
  store = makeMemoryStore({ nowMs: () => Date.now() });
  world = await openBlockWorld(pool, { databases, store });
});
after(async () => {
  await world.service.close();
  await pool.close();
  await databases.stop();
});

test("an orphan is adopted after its grace period, and its blocks wait unreferenced", async () => {
  const place = await makeSpace(databases);
  const blocks = Array.from({ length: 3 }, () => blockOf(randomBytes(3000)));
  await storeAndForget(place, blocks);
  const cell = world.cells.all()[0] ?? assert.fail();
  const young = await adoptOrphans({ cell, clock, log }, { graceMs: 60_000 });
  assert.deepEqual(young, { packs: 0, blocks: 0, unreadable: 0 });
  await store.put("packs/00/00000000-0000-0000-0000-000000000000", randomBytes(500));
  clock.forwardMs(120_000);
  const adopted = await adoptOrphans({ cell, clock, log }, { graceMs: 60_000 });
  assert.deepEqual(adopted, { packs: 1, blocks: 3, unreadable: 1 });
  const { rows } = await sql<{ waiting: number }>`
    select count(*) as waiting from cell.blocks where unreferenced_since is not null`.execute(cell.db);
  assert.equal(rows[0]?.waiting, 3);
  assert.equal((await adoptOrphans({ cell, clock, log }, { graceMs: 60_000 })).packs, 0);
  await store.delete("packs/00/00000000-0000-0000-0000-000000000000");
});

test("the scrubber finds a flipped byte and a missing pack, names the files, and clears blocks that read well again", async () => {
  const cell = world.cells.all()[0] ?? assert.fail();
  const place = await makeSpace(databases);
  const [flipped, lost, sound] = [blockOf(randomBytes(4000)), blockOf(randomBytes(4000)), blockOf(randomBytes(4000))];
  const flippedKey = await storeAlone(place, [flipped, sound]);
  const lostKey = await storeAlone(place, [lost]);
  const nodeId = await makeFile(place, "photo.jpg", flipped);
  const original = await store.get(flippedKey);
  const changed = Uint8Array.from(original);
  changed[100] = (changed[100] ?? 0) ^ 4;
  await store.put(flippedKey, changed);
  await store.delete(lostKey);

  const report = await scrubCell({ cell, shards: databases.shards, pool, clock, random: randomBytes, log });
  assert.equal(report.state, "done");
  const found = new Map(report.damaged.map((damage) => [damage.hash, damage]));
  assert.deepEqual(new Set(found.keys()), new Set([flipped.hash, lost.hash, null]));
  assert.deepEqual(found.get(flipped.hash)?.files, [
    { node_id: nodeId, path: "/folder/photo.jpg", owner: place.userId, version: 1 },
  ]);
  assert.match(found.get(lost.hash)?.reason ?? "", /missing/);
  assert.deepEqual(await readScrubReport(world.cells), report);

  await store.put(flippedKey, original);
  const second = await scrubCell({ cell, shards: databases.shards, pool, clock, random: randomBytes, log });
  assert.deepEqual(new Set(second.damaged.map(({ hash }) => hash)), new Set([lost.hash, null]));
  const held = await world.service.held(place.spaceId, [flipped.hash, sound.hash, lost.hash]);
  assert.deepEqual(held, new Set([flipped.hash, sound.hash]));
  const [read] = await Array.fromAsync(world.service.read(place.spaceId, [flipped.hash]));
  assert.equal(sha256(read?.payload ?? randomBytes(1)), flipped.hash);
});

test("a damaged block in a segmented manifest is reported with its file", async () => {
  const place = await makeSpace(databases);
  const block = blockOf(randomBytes(4000));
  const key = await storeAlone(place, [block]);
  const entries = encodeEntries([
    { hash: sha256(randomBytes(1)), size: 7 },
    { hash: block.hash, size: 4000 },
  ]);
  const segment = { hash: randomBytes(32), entries };
  await makeFile(place, "film.mp4", block, segment);
  await store.delete(key);
  const told = async (asOwner: boolean) =>
    Array.fromAsync(world.service.read(place.spaceId, [block.hash], { asOwner })).then(
      () => assert.fail("it was read"),
      (error: unknown) => (error as { body?: unknown }).body,
    );
  assert.deepEqual(await told(true), { hash: block.hash, files: ["/folder/film.mp4"] });
  assert.deepEqual(await told(false), { hash: block.hash, files: [] });
});

test("a lost index is rebuilt from store, keys and spaces, twice with the same result", async () => {
  const place = await makeSpace(databases);
  const blocks = Array.from({ length: 40 }, () => blockOf(randomBytes(2000)));
  await world.service.store(place.spaceId, place.userId, blocks);
  const cell = world.cells.all()[0] ?? assert.fail();
  const original = await snapshot();
  const damaged = await sql`select from cell.blocks where state = 'damaged'`.execute(cell.db);
  assert.ok(damaged.rows.length > 0);
  await rebuildIndex({ cells: world.cells, shards: databases.shards, pool, clock, log });
  const untouched = await snapshot();
  assert.deepEqual(untouched.blocks, original.blocks, "a complete index stays as it is, damage included");
  assert.deepEqual(untouched.holders, original.holders);

  await sql`truncate cell.data_keys, cell.packs, cell.blocks, cell.holders, cell.facts`.execute(cell.db);
  const reopened = await openBlockWorld(pool, { databases, store });
  const fresh = reopened.cells.all()[0] ?? assert.fail();
  assert.equal(await isIndexComplete(fresh.db), false, "keys were taken over, so nothing may be deleted yet");
  clock.forwardMs(120_000);
  assert.equal((await adoptOrphans({ cell: fresh, clock, log }, { graceMs: 0 })).packs, 0);
  await rebuildIndex({ cells: reopened.cells, shards: databases.shards, pool, clock, log });
  assert.equal(await isIndexComplete(fresh.db), true);
  const hashes = blocks.map(({ hash }) => hash);
  assert.equal((await reopened.service.held(place.spaceId, hashes)).size, 40);
  for await (const block of reopened.service.read(place.spaceId, hashes))
    assert.equal(sha256(block?.payload ?? randomBytes(1)), block?.hash);
  const rebuilt = await snapshot();
  const packs = new Set(rebuilt.packs.map(({ id }) => id));
  for (const holder of original.holders) if (!packs.has(holder.pack_id ?? "")) holder.pack_id = null;
  assert.deepEqual(rebuilt.holders, original.holders);
  await rebuildIndex({ cells: reopened.cells, shards: databases.shards, pool, clock, log });
  assert.deepEqual(await snapshot(), rebuilt);
  await reopened.service.close();
});

test("a rebuild detects a missing pack", async () => {
  const place = await makeSpace(databases);
  const block = blockOf(randomBytes(2000));
  await store.delete(await storeAlone(place, [block]));
  await rebuildIndex({ cells: world.cells, shards: databases.shards, pool, clock: makeAheadClock(), log });
  assert.equal((await world.service.held(place.spaceId, [block.hash])).size, 0);
});

test("a block of a space without a pack after a rebuild is damaged, and is healed by another upload", async () => {
  const place = await makeSpace(databases);
  const block = blockOf(randomBytes(2000));
  const key = await storeAlone(place, [block]);
  const nodeId = await makeFile(place, "letter.txt", block);
  await store.delete(key);
  const cell = world.cells.all()[0] ?? assert.fail();
  await sql`truncate cell.packs, cell.blocks, cell.holders, cell.facts`.execute(cell.db);
  await rebuildIndex({ cells: world.cells, shards: databases.shards, pool, clock, log });
  const page = { after: undefined, limit: 1000 };
  const damaged = (await world.service.damaged(place.spaceId, page)).map(({ hash, sizeBytes }) => [hash, sizeBytes]);
  assert.deepEqual(damaged, [[block.hash, 2000]]);
  const scrub = async () =>
    (await scrubCell({ cell, shards: databases.shards, pool, clock, random: randomBytes, log })).damaged.filter(
      ({ hash }) => hash === block.hash,
    );
  assert.deepEqual(
    (await scrub()).map(({ files }) => files.map(({ node_id }) => node_id)),
    [[nodeId]],
  );
  await world.service.store(place.spaceId, place.userId, [block]);
  assert.deepEqual(await world.service.damaged(place.spaceId, page), []);
  assert.deepEqual(await scrub(), []);
  await rebuildIndex({ cells: world.cells, shards: databases.shards, pool, clock, log });
  assert.equal((await Array.fromAsync(world.service.read(place.spaceId, [block.hash])))[0]?.hash, block.hash);
});

test("a rebuild during which another one begins adds nothing more, and only the newest ends the requirement", async () => {
  const cell = world.cells.all()[0] ?? assert.fail();
  const ports = { cells: world.cells, shards: databases.shards, pool, clock, log };
  const place = await makeSpace(databases);
  const block = blockOf(randomBytes(2000));
  const packOfBlock = await storeAlone(place, [block]);
  const superseded = { code: "conflict", message: "Another rebuild of the block index began, so this one stopped." };
  const rebuildWhile = (meanwhile: () => Promise<unknown>, stage: "list" | "pack" | "spaces" = "list") => {
    const once = [meanwhile];
    const slow: ObjectStore = {
      ...cell.store,
      async *list(prefix, options) {
        if (stage === "list") await once.pop()?.();
        yield* cell.store.list(prefix, options);
      },
      async get(key, options) {
        const bytes = await cell.store.get(key, options);
        if (stage === "pack" && key === packOfBlock) await once.pop()?.();
        return bytes;
      },
    };
    const afterRead: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        await once.pop()?.();
        return result;
      },
    };
    const cells = { ...world.cells, all: () => [{ ...cell, store: slow }] };
    const slowShard = (shard: Shard): Shard => ({ ...shard, db: shard.db.withPlugin(afterRead) });
    const all = () => databases.shards.all().map(slowShard);
    return rebuildIndex({ ...ports, cells, shards: { ...databases.shards, all } });
  };
  for (const stage of ["list", "pack", "spaces"] as const) {
    const newer = async () => {
      await rebuildIndex(ports);
      for (const table of ["cell.holders", "cell.blocks"])
        await sql`delete from ${sql.raw(table)} where hash = decode(${block.hash}, 'hex')`.execute(cell.db);
    };
    await assert.rejects(rebuildWhile(newer, stage), superseded);
    const { rows } = await sql`select from cell.blocks where hash = decode(${block.hash}, 'hex')
      union all select from cell.holders where hash = decode(${block.hash}, 'hex')`.execute(cell.db);
    assert.equal(rows.length, 0, stage);
    assert.equal(await isIndexComplete(cell.db), true, "the newer one has ended");
    await rebuildIndex(ports);
    assert.equal((await world.service.held(place.spaceId, [block.hash])).size, 1);
  }

  const stop = new AbortController();
  stop.abort();
  const interrupted = () =>
    assert.rejects(rebuildIndex({ ...ports, signal: stop.signal }), { code: "request_timeout" });
  await assert.rejects(rebuildWhile(interrupted), superseded);
  assert.equal(await isIndexComplete(cell.db), false, "the newer one has not ended");

  const older = await requireRebuild(cell.db);
  const newer = await requireRebuild(cell.db);
  await assert.rejects(noteRebuilt(cell.db, older), superseded);
  assert.equal(await isIndexComplete(cell.db), false);
  await noteRebuilt(cell.db, newer);
  assert.equal(await isIndexComplete(cell.db), true);
});

interface Place {
  readonly spaceId: SpaceId;
  readonly userId: UserId;
  readonly rootId: NodeId;
}

async function storeAndForget(place: Place, blocks: readonly IncomingBlock[]): Promise<void> {
  const crashed = await openBlockWorld(pool, {
    databases,
    store,
    crashPoint: (reached) => {
      if (reached === "pack durable") throw new Error("The process ends here.");
    },
  });
  await assert.rejects(crashed.service.store(place.spaceId, place.userId, blocks), { code: "unavailable" });
}

async function storeAlone(place: Place, blocks: readonly IncomingBlock[]): Promise<string> {
  const known = new Set((await Array.fromAsync(store.list("packs/"))).map(({ key }) => key));
  await world.service.store(place.spaceId, place.userId, blocks);
  const added = (await Array.fromAsync(store.list("packs/"))).filter(({ key }) => !known.has(key));
  assert.equal(added.length, 1);
  return added[0]?.key ?? assert.fail();
}

async function makeFile(
  place: Place,
  name: string,
  block: { hash: HashHex; sizeBytes: number },
  segment?: { hash: Uint8Array; entries: Uint8Array },
): Promise<NodeId> {
  const { db } = databases.shards.ofId(place.spaceId);
  const [folderId, nodeId, versionId] = [0, 1, 2].map(() =>
    makeId<NodeId>(bucketOf(place.spaceId), Date.now(), randomBytes(8)),
  );
  const nodes = [
    { id: place.rootId, parent: null, name: "", kind: "folder" },
    { id: folderId, parent: place.rootId, name: "folder", kind: "folder" },
    { id: nodeId, parent: folderId, name, kind: "file" },
  ];
  for (const node of nodes) {
    await sql`insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, modified_at, revision, seq, created_at, updated_at)
      values (${place.spaceId}, ${node.id}, ${node.parent}, ${node.name}, ${node.name}, ${node.kind}, 0, 'r', 1, 0, 0)`.execute(
      db,
    );
  }
  const manifest = segment === undefined ? encodeEntries([{ hash: block.hash, size: block.sizeBytes }]) : null;
  const segments = segment === undefined ? null : Buffer.concat([segment.hash, Buffer.alloc(12)]);
  await sql`insert into shard.versions (space_id, id, node_id, number, content_id, size, manifest, segments, created_by, created_at)
    values (${place.spaceId}, ${versionId}, ${nodeId}, 1, ${randomBytes(32)}, 1, ${manifest}, ${segments}, ${place.userId}, 0)`.execute(
    db,
  );
  if (segment !== undefined) {
    await sql`insert into shard.segments (space_id, hash, entries, refs, since) values (${place.spaceId}, ${segment.hash}, ${segment.entries}, 1, 0)`.execute(
      db,
    );
  }
  return nodeId ?? assert.fail();
}

async function snapshot() {
  const { db } = world.cells.all()[0] ?? assert.fail();
  const blocks =
    await sql`select hash, pack_id, record_index, "offset", stored_size, size, codec, state from cell.blocks order by 1, 2`.execute(
      db,
    );
  const packs = await sql<{
    id: string;
  }>`select id, epoch, size, live_bytes, state from cell.packs order by 1`.execute(db);
  const holders = await sql<{ pack_id: string | null }>`select * from cell.holders order by 1, 2`.execute(db);
  return { blocks: blocks.rows, packs: packs.rows, holders: holders.rows };
}

/** Rows must be older than the listing of the store for a pack to count as missing. */
function makeAheadClock() {
  const ahead = makeTestClock();
  ahead.forwardMs(1000);
  return ahead;
}
