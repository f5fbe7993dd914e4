/** A missing object only counts as damage if the store is certainly available. An unavailable store changes nothing. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import { startTestDatabases } from "../../base/db/testing.ts";
import type { TestDatabases } from "../../base/db/testing.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { rebuildIndex } from "../repair/rebuild-index.ts";
import { scrubCell } from "../repair/scrub.ts";
import { blockOf, makeSpace, makeTestClock, openBlockWorld, silentBlockLog, startTestPool } from "../testing.ts";
import type { BlockWorld } from "../testing.ts";
import { keyringKey } from "../keys/wrapped-keys.ts";

let databases: TestDatabases;
let pool: BlockPool;
const clock = makeTestClock();
const log = silentBlockLog;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = startTestPool();
});
after(async () => {
  await pool.close();
  await databases.stop();
});

type Mood = "there" | "away" | "forbidden" | "failing";

function moody(store: ObjectStore, moodOf: (key: string) => Mood): ObjectStore {
  const empty = makeMemoryStore({ nowMs: () => 0 });
  const pick = (key: string): ObjectStore => {
    const mood = moodOf(key);
    if (mood === "forbidden") throw new HoldfastError("failed", "The S3 store could not get it: AccessDenied.");
    if (mood === "failing") throw new HoldfastError("unavailable", `Could not read ${key} (EIO).`);
    return mood === "there" ? store : empty;
  };
  return {
    put: (key, bytes, options) => store.put(key, bytes, options),
    get: async (key, options) => pick(key).get(key, options),
    stat: async (key, options) => pick(key).stat(key, options),
    list: (prefix, options) => pick(prefix).list(prefix, options),
    delete: (key, options) => store.delete(key, options),
  };
}

interface Scene {
  readonly world: BlockWorld;
  readonly blocks: readonly IncomingBlock[];
  readonly read: () => Promise<unknown>;
  readonly damaged: () => Promise<number>;
}

async function makeScene(moodOf: (key: string) => Mood): Promise<Scene> {
  await sql`truncate cell.data_keys, cell.packs, cell.blocks, cell.holders, cell.facts`.execute(db());
  for (const shard of databases.shards.all()) await sql`truncate shard.space_blocks`.execute(shard.db);
  const place = await makeSpace(databases);
  const blocks = [blockOf(randomBytes(4000)), blockOf(randomBytes(4000))];
  const store = moody(makeMemoryStore({ nowMs: () => Date.now() }), moodOf);
  const world = await openBlockWorld(pool, { databases, store });
  for (const block of blocks) await world.service.store(place.spaceId, place.userId, [block]);
  const hashes = blocks.map(({ hash }) => hash);
  return {
    world,
    blocks,
    read: () => Array.fromAsync(world.service.read(place.spaceId, hashes)),
    damaged: async () => (await sql`select from cell.blocks where state = 'damaged'`.execute(db())).rows.length,
  };
}

const deeds: Record<string, (scene: Scene) => Promise<unknown>> = {
  "a read": ({ read }) => read(),
  "a scrub": ({ world }) =>
    scrubCell({
      cell: world.cells.all()[0] ?? assert.fail(),
      shards: databases.shards,
      pool,
      clock,
      random: randomBytes,
      log,
    }),
  "rebuilding the index": async ({ world }) => {
    const ahead = makeTestClock();
    ahead.forwardMs(1000);
    const report = await rebuildIndex({ cells: world.cells, shards: databases.shards, pool, clock: ahead, log });
    assert.deepEqual(report.unreadable_packs, []);
  },
};

for (const [name, deed] of Object.entries(deeds)) {
  for (const absent of ["away", "forbidden"] as const) {
    test(`${name} of a store that is ${absent} fails as unavailable and damages nothing`, async () => {
      let mood: Mood = "there";
      const scene = await makeScene(() => mood);
      mood = absent;
      await assert.rejects(deed(scene), { code: "unavailable" });
      assert.equal(await scene.damaged(), 0);
      mood = "there";
      await deed(scene);
      await scene.read();
      assert.equal(await scene.damaged(), 0);
      await scene.world.service.close();
    });
  }

  test(`${name} of a store that disappears at any moment damages nothing`, async () => {
    let failures = 0;
    for (let leavesAfter = 0; leavesAfter < 12; leavesAfter += 1) {
      let calls = Infinity;
      const scene = await makeScene(() => (calls-- > 0 ? "there" : "away"));
      calls = leavesAfter;
      await deed(scene).catch((error: unknown) => {
        assert.ok(error instanceof HoldfastError && error.code === "unavailable", String(error));
        failures += 1;
      });
      assert.equal(await scene.damaged(), 0, `it went away after ${leavesAfter} calls`);
      await scene.world.service.close();
    }
    assert.ok(failures > 0, "nobody missed it");
  });
}

for (const name of ["a read", "a scrub"] as const) {
  test(`${name} of a store whose packs were briefly away finds everything intact`, async () => {
    const asked = new Set<string>();
    let isBegun = false;
    const scene = await makeScene((key) => {
      if (!isBegun || !key.startsWith("packs/") || asked.has(key) || key === "packs/") return "there";
      asked.add(key);
      return "away";
    });
    isBegun = true;
    await deeds[name]?.(scene);
    assert.ok(asked.size > 0);
    assert.equal(await scene.damaged(), 0);
    await scene.world.service.close();
  });
}

test("a pack that the disk cannot read is reported but not flagged, and stops neither scrub nor rebuild", async () => {
  const bad = new Set<string>();
  const scene = await makeScene((key) => (bad.has(key) ? "failing" : "there"));
  const { service, cells } = scene.world;
  const cell = cells.all()[0] ?? assert.fail();
  const keys = (await Array.fromAsync(cell.store.list("packs/"))).map(({ key }) => key);
  assert.equal(keys.length, 2);
  bad.add(keys[0] ?? "");
  const ports = { cell, shards: databases.shards, pool, clock, random: randomBytes, log };
  for (const _ of [1, 2]) {
    const report = await scrubCell(ports);
    assert.equal(report.state, "done");
    assert.equal(report.packs, 2, "both packs were looked at");
    assert.deepEqual(
      report.damaged.map(({ hash, reason }) => [hash === null, /cannot be read/.test(reason)]),
      [
        [true, true],
        [false, true],
      ],
    );
    assert.doesNotMatch(JSON.stringify(report), /EIO/);
  }
  const rebuilt = await rebuildIndex({ cells, shards: databases.shards, pool, clock, log });
  assert.equal(rebuilt.unreadable_packs.length, 1);
  await assert.rejects(scene.read(), { code: "unavailable" });
  assert.equal(await scene.damaged(), 0);

  const other = await makeSpace(databases);
  for (const block of scene.blocks) await service.store(other.spaceId, other.userId, [block]);
  await scene.read();
  assert.equal((await scrubCell(ports)).damaged.length, 0);
  await service.close();
});

test("a server does not start with an emptied store without confirmation, and a running one makes no key in it", async () => {
  let mood: Mood = "there";
  const store = makeMemoryStore({ nowMs: () => Date.now() });
  const scene = await makeScene(() => mood);
  const { keyring } = scene.world.cells.all()[0] ?? assert.fail();
  mood = "away";
  await assert.rejects(keyring.keyOf(7), { code: "unavailable", message: /disk mounted/ });
  await assert.rejects(openBlockWorld(pool, { databases, store }), { code: "unavailable", message: /disk mounted/ });
  assert.deepEqual(await Array.fromAsync(store.list("")), [], "something was written into the empty store");
  await store.put(keyringKey, Buffer.from('{"format":"holdfast keyring 1","keys":[]}'));
  const emptied = await openBlockWorld(pool, { databases, store });
  await emptied.cells.all()[0]?.keyring.assertStoreThere();
  await emptied.service.close();
  mood = "there";
  await scene.read();
  await scene.world.service.close();
});

test("a store that lost only its keyring stays readable, and gets the keyring back at the next start", async () => {
  let isLost = false;
  const scene = await makeScene((key) => (isLost && key === keyringKey ? "away" : "there"));
  const { keyring, store } = scene.world.cells.all()[0] ?? assert.fail();
  isLost = true;
  await scene.read();
  await assert.rejects(keyring.assertStoreThere(), { code: "unavailable" });
  isLost = false;
  await store.delete(keyringKey);
  const restarted = await openBlockWorld(pool, { databases, store });
  await keyring.assertStoreThere();
  await restarted.service.close();
  await scene.world.service.close();
});

function db() {
  return databases.cells.all()[0]?.db ?? assert.fail();
}
