/** Policy `one`: a pack that only one store has does not count as stored while that store is away. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { HashHex } from "@holdfast/core/ids";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { openFsStore } from "@holdfast/object-store/fs-store";
import type { StorePolicy } from "@holdfast/object-store/two-stores";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { retentionUsual } from "../../base/config/retention-settings.ts";
import { collectCell } from "../collect/collect-cell.ts";
import { settleCells } from "../collect/settle-cells.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import {
  blockOf,
  type BlockWorld,
  makeSpace,
  makeTestClock,
  openBlockWorld,
  silentBlockLog,
  startTestPool,
} from "../testing.ts";
import { giveUpDebts } from "./give-up-debts.ts";
import { type KeepOptions, openKeeper } from "./keep-copies.ts";
import { openCellStore } from "./open-cell-store.ts";

let databases: TestDatabases;
let pool: BlockPool;
const home = mkdtempSync(join(tmpdir(), "holdfast-lone-"));
const clock = makeTestClock();
const log = silentBlockLog;
const sleep = async (delayMs: number, signal?: AbortSignal) => {
  await delay(delayMs, undefined, signal === undefined ? {} : { signal });
};
/** Each reading is so late that every store is checked again. */
let nowMs = 0;
const monotonicMs = () => (nowMs += 10_000);

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = startTestPool();
});
after(async () => {
  await pool.close();
  await databases.stop();
  rmSync(home, { recursive: true });
});

type Space = Awaited<ReturnType<typeof makeSpace>>;

class Scene {
  readonly world: BlockWorld;
  readonly places: readonly string[];

  private constructor(world: BlockWorld, places: readonly string[]) {
    this.world = world;
    this.places = places;
  }

  static async open(policy: StorePolicy = "one"): Promise<Scene> {
    const { db } = databases.cells.all()[0] ?? assert.fail();
    await sql`truncate cell.data_keys, cell.packs, cell.blocks, cell.holders, cell.facts, cell.owed, cell.copies`.execute(
      db,
    );
    for (const shard of databases.shards.all())
      await sql`truncate shard.spaces, shard.space_blocks cascade`.execute(shard.db);
    const folder = mkdtempSync(join(home, "stores-"));
    const places = [join(folder, "east"), join(folder, "west")];
    const open = (place: string) =>
      openFsStore({ disk: nodeDisk, folder: place, random: randomBytes, nowMs: Date.now });
    const options = { db, places, policy, open, sleep, monotonicMs, log, nowMicros: () => clock.nowMicros() };
    const store = await openCellStore(options);
    const scene = new Scene(await openBlockWorld(pool, { databases, store, clock, log }), places);
    await scene.keep();
    return scene;
  }

  get cell(): BlockCell {
    return this.world.cells.all()[0] ?? assert.fail();
  }

  keep(options?: KeepOptions, keeperLog: BlockLog = log): Promise<void> {
    return openKeeper({ pool, clock, monotonicMs, sleep, log: keeperLog })(this.cell, options);
  }

  takeAway(which: 0 | 1): void {
    renameSync(this.places[which] ?? "", `${this.places[which]} away`);
  }

  bringBack(which: 0 | 1): void {
    renameSync(`${this.places[which]} away`, this.places[which] ?? "");
  }

  async put({ spaceId, userId }: Space, block: IncomingBlock): Promise<void> {
    await this.world.service.store(spaceId, userId, [block]);
  }

  /** Stores a block while only the first store is there, and then swaps the stores. */
  async putInLostStore(space: Space, block: IncomingBlock): Promise<void> {
    this.takeAway(1);
    await this.put(space, block);
    this.takeAway(0);
    this.bringBack(1);
  }

  async read({ spaceId }: Space, { hash }: IncomingBlock): Promise<unknown> {
    const [block] = await Array.fromAsync(this.world.service.read(spaceId, [hash]));
    return block && Buffer.from(block.payload);
  }

  packsIn(which: 0 | 1): string[] {
    const folder = join(this.places[which] ?? "", "objects", "packs");
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).toSorted();
  }

  /** Collects for several weeks. */
  async collect(): Promise<void> {
    const { cell, world } = this;
    const ports = { cell, cells: world.cells, shards: databases.shards, pool, clock, random: randomBytes, log };
    for (let week = 0; week < 4; week += 1) {
      await settleCells(ports);
      await collectCell({ ...ports, retention: retentionUsual });
      clock.forwardMs(8 * 24 * 3600_000);
    }
  }

  /** Answers of the server to clients about the blocks. */
  async seen({ spaceId }: Space, blocks: Readonly<Record<string, IncomingBlock>>) {
    const { service } = this.world;
    const hashes = Object.values(blocks).map(({ hash }) => hash);
    const names = (found: Iterable<HashHex>) => {
      const all = new Set(found);
      return Object.keys(blocks).filter((name) => all.has(blocks[name]?.hash ?? ("" as HashHex)));
    };
    const damaged = await service.damaged(spaceId, { after: undefined, limit: 10 });
    return {
      held: names(await service.held(spaceId, hashes)),
      lost: (await service.anyDamaged(spaceId)) ? names(await service.lost(spaceId, hashes)) : [],
      damaged: names(damaged.map(({ hash }) => hash)),
    };
  }
}

test("a block whose only copy is away is requested and stored again, and both copies survive the return", async () => {
  const scene = await Scene.open();
  const [mine, theirs] = [await makeSpace(databases), await makeSpace(databases)];
  const [both, lone] = [blockOf(randomBytes(4000)), blockOf(randomBytes(4000))];
  await scene.put(mine, both);
  await scene.putInLostStore(mine, lone);
  assert.deepEqual(await scene.seen(mine, { both, lone }), { held: ["both"], lost: ["lone"], damaged: ["lone"] });
  await assert.rejects(scene.read(mine, lone), { code: "unavailable" });
  await scene.put(theirs, lone);
  assert.deepEqual(await scene.read(mine, lone), lone.payload);
  assert.deepEqual(await scene.seen(mine, { both, lone }), { held: ["both", "lone"], lost: [], damaged: [] });
  await scene.put(mine, both);
  scene.bringBack(0);
  await scene.keep();
  for (const which of [0, 1] as const) {
    scene.takeAway(which);
    assert.deepEqual(await scene.seen(mine, { both, lone }), { held: ["both", "lone"], lost: [], damaged: [] });
    for (const space of [mine, theirs]) assert.deepEqual(await scene.read(space, lone), lone.payload);
    scene.bringBack(which);
  }
  await scene.world.service.close();
});

for (const isCollectedEarly of [false, true]) {
  const time = isCollectedEarly ? "before" : "after";
  test(`a space stores its own block again, and the first copy is collected from both stores ${time} its return`, async () => {
    const scene = await Scene.open();
    const space = await makeSpace(databases);
    const lone = blockOf(randomBytes(4000));
    await scene.putInLostStore(space, lone);
    await scene.put(space, lone);
    assert.deepEqual(await scene.read(space, lone), lone.payload);
    if (isCollectedEarly) await scene.collect();
    scene.bringBack(0);
    await scene.keep();
    if (!isCollectedEarly) assert.equal(scene.packsIn(0).length, 2);
    await scene.collect();
    assert.deepEqual(scene.packsIn(0), scene.packsIn(1));
    assert.equal(scene.packsIn(0).length, 1);
    assert.deepEqual(await scene.read(space, lone), lone.payload);
    await scene.world.service.close();
  });
}

test("with the policy both, a debt does not count as damage", async () => {
  const scene = await Scene.open("both");
  const space = await makeSpace(databases);
  const block = blockOf(randomBytes(4000));
  await scene.put(space, block);
  await sql`insert into cell.owed (store, key, deed, size, since, due_at)
    select ${scene.places[1]}, 'packs/' || left(id::text, 2) || '/' || id, 'copy', 1, 1, 1 from cell.packs`.execute(
    scene.cell.db,
  );
  scene.takeAway(0);
  assert.deepEqual(await scene.seen(space, { block }), { held: ["block"], lost: [], damaged: [] });
  await scene.world.service.close();
});

async function findDamaged({ cell }: Scene): Promise<HashHex[]> {
  const { rows } = await sql<{ hash: HashHex }>`
    select encode(hash, 'hex') as hash from cell.blocks where state = 'damaged'`.execute(cell.db);
  return rows.map(({ hash }) => hash);
}

test("the only copy counts as damaged before a lost store is refilled", async () => {
  const scene = await Scene.open();
  const space = await makeSpace(databases);
  const [both, lone] = [blockOf(randomBytes(4000)), blockOf(randomBytes(4000))];
  await scene.put(space, both);
  await scene.putInLostStore(space, lone);
  let atRefill: Promise<HashHex[]> | undefined;
  const warn = (_: unknown, message: string) => {
    if (message.includes("is refilled")) atRefill = findDamaged(scene);
  };
  await scene.keep({ fillsAtOnce: true }, { ...log, warn });
  assert.deepEqual(await atRefill, [lone.hash]);
  assert.deepEqual(await scene.seen(space, { both, lone }), { held: ["both"], lost: ["lone"], damaged: ["lone"] });
  await scene.world.service.close();
});

test("the only copy counts as damaged after its store is removed, but not while the other one is away too", async () => {
  const scene = await Scene.open();
  const space = await makeSpace(databases);
  const [both, lone] = [blockOf(randomBytes(4000)), blockOf(randomBytes(4000))];
  await scene.put(space, both);
  await scene.putInLostStore(space, lone);
  const name = scene.places[1] ?? "";
  const store = await openFsStore({ disk: nodeDisk, folder: name, random: randomBytes, nowMs: Date.now });
  const giveUp = () => giveUpDebts(scene.cell, { name, store }, { nowMicros: clock.nowMicros(), log });
  scene.takeAway(1);
  await assert.rejects(giveUp(), { code: "unavailable" });
  assert.deepEqual(await findDamaged(scene), []);
  scene.bringBack(1);
  await giveUp();
  assert.deepEqual(await findDamaged(scene), [lone.hash]);
  await scene.world.service.close();
});

test("an owed pack that neither store has counts as damaged", async () => {
  const scene = await Scene.open();
  const space = await makeSpace(databases);
  const block = blockOf(randomBytes(4000));
  scene.takeAway(1);
  await scene.put(space, block);
  scene.bringBack(1);
  rmSync(join(scene.places[0] ?? "", "objects", "packs"), { recursive: true });
  await scene.keep();
  assert.deepEqual(await findDamaged(scene), [block.hash]);
  await scene.world.service.close();
});
