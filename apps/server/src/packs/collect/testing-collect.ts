import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { decodeFrame } from "@holdfast/codec/codec";
import type { Clock } from "@holdfast/core/clock";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { bounded } from "@holdfast/tools/bounded";
import { sql } from "kysely";
import { hashArray } from "../../base/db/array-parameters.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import type { CrashPoint } from "../write/pack-writer.ts";
import { type ReleasedHolder, releaseHolders } from "../index/release-holders.ts";
import { blockOf, type BlockWorld, makeSpace, openBlockWorld, silentBlockLog, startTestPool } from "../testing.ts";
import { collectCell } from "./collect-cell.ts";
import type { Collected } from "./count-collectable.ts";
import type { CollectCrashPoint, CollectPorts } from "./collect-ports.ts";

export type TestSpace = Awaited<ReturnType<typeof makeSpace>>;

export const dayMs = 24 * 3600_000;
const retention = { blocksMs: 7 * dayMs, doomedMs: dayMs, packsMs: 7 * dayMs };

/** Returns a clock that only moves by a microsecond per reading, so that no two times are equal, and by `forwardMs`. */
export function makeHandClock(): Clock & { forwardMs(byMs: number): void } {
  let micros = 1_700_000_000_000_000;
  return {
    nowMs: () => Math.floor((micros += 1) / 1000),
    nowMicros: () => (micros += 1),
    forwardMs: (byMs) => void (micros += byMs * 1000),
  };
}

export function bothForms(plain: Buffer = Buffer.concat([randomBytes(300), Buffer.alloc(3000)])): {
  raw: IncomingBlock;
  zstd: IncomingBlock;
} {
  const block = { hash: sha256(plain), sizeBytes: plain.length, verified: false };
  const payload = zstdCompressSync(plain, { pledgedSrcSize: plain.length });
  return { raw: { ...block, codec: "raw", payload: plain }, zstd: { ...block, codec: "zstd", payload } };
}

export class CollectWorld {
  readonly clock = makeHandClock();
  readonly store: ObjectStore = makeMemoryStore(this.clock);
  readonly #databases: TestDatabases;
  readonly #pool: BlockPool;
  #world!: BlockWorld;
  crashPoint: CrashPoint = () => {};

  private constructor(databases: TestDatabases, pool: BlockPool) {
    this.#databases = databases;
    this.#pool = pool;
  }

  /** Several worlds can use the emptied databases in turn. */
  static async open(databases: TestDatabases, pool: BlockPool): Promise<CollectWorld> {
    const world = new CollectWorld(databases, pool);
    for (const { db } of databases.cells.all()) {
      await sql`truncate cell.data_keys, cell.packs, cell.blocks, cell.holders, cell.facts, cell.pins`.execute(db);
    }
    for (const { db } of databases.shards.all())
      await sql`truncate shard.spaces, shard.space_blocks cascade`.execute(db);
    world.#world = await openBlockWorld(pool, {
      databases,
      store: world.store,
      clock: world.clock,
      crashPoint: (reached) => world.crashPoint(reached),
    });
    return world;
  }

  get cell(): BlockCell {
    return this.#world.cells.all()[0] ?? assert.fail();
  }

  get service() {
    return this.#world.service;
  }

  close(): Promise<void> {
    return this.service.close();
  }

  get ports(): CollectPorts & { readonly cells: BlockWorld["cells"] } {
    const { clock, cell } = this;
    const { cells } = this.#world;
    const log = silentBlockLog;
    return {
      cell,
      cells,
      shards: this.#databases.shards,
      pool: this.#pool,
      clock,
      random: randomBytes,
      log,
      retention,
    };
  }

  space(): Promise<TestSpace> {
    return makeSpace(this.#databases);
  }

  async put({ spaceId, userId }: TestSpace, ...blocks: IncomingBlock[]): Promise<void> {
    await this.service.store(spaceId, userId, blocks);
  }

  async hold(to: TestSpace, from: TestSpace, blocks: ReadonlyMap<HashHex, number>): Promise<void> {
    await this.service.holdAlso(to.spaceId, { from: from.spaceId, uploader: to.userId, owns: true, blocks });
  }

  /** Does what the shard does when a space no longer refers to these blocks. @returns the message for the cell */
  async drop({ spaceId }: TestSpace, hashes: readonly HashHex[]): Promise<ReleasedHolder[]> {
    const { rows } = await sql<ReleasedHolder>`
      delete from shard.space_blocks where space_id = ${spaceId} and hash = any(${hashArray(hashes)})
      returning hash, stamp`.execute(this.#databases.shards.ofId(spaceId).db);
    return rows;
  }

  release({ spaceId }: TestSpace, holders: readonly ReleasedHolder[]): Promise<void> {
    return releaseHolders(this.cell, spaceId, holders, this.clock.nowMicros());
  }

  async forget(space: TestSpace, ...blocks: readonly IncomingBlock[]): Promise<void> {
    await this.release(
      space,
      await this.drop(
        space,
        blocks.map(({ hash }) => hash),
      ),
    );
  }

  collect(crashPoint?: CollectCrashPoint): Promise<Collected> {
    return collectCell(crashPoint === undefined ? this.ports : { ...this.ports, crashPoint });
  }

  async collectForDays(days: number): Promise<void> {
    for (let day = 0; day < days; day += 1) {
      this.clock.forwardMs(dayMs + 1000);
      await this.collect();
    }
  }

  async read({ spaceId }: TestSpace, hashes: readonly HashHex[]): Promise<string[]> {
    const contents: string[] = [];
    for await (const block of this.service.read(spaceId, hashes, { passesOver: "damaged" })) {
      const isRight =
        block !== undefined && sha256(decodeFrame(block.codec, block.payload, block.sizeBytes)) === block.hash;
      contents.push(isRight ? block.codec : "lost");
    }
    return contents;
  }

  async packKeys(): Promise<string[]> {
    return (await Array.fromAsync(this.store.list("packs/"))).map(({ key }) => key);
  }

  async copies(...blocks: readonly IncomingBlock[]): Promise<CopyRow[]> {
    const { rows } = await sql<CopyRow>`
      select encode(hash, 'hex') as hash, pack_id as "packId", state, unreferenced_since is not null as waits, codec, "offset"
      from cell.blocks where ${blocks.length === 0}::bool or hash = any(${hashArray(blocks.map(({ hash }) => hash))})
      order by 1, 2`.execute(this.cell.db);
    return rows;
  }

  async assertEmpty(): Promise<void> {
    assert.deepEqual(await this.packKeys(), []);
    const { rows } = await sql<{ left: number }>`
      select (select count(*) from cell.blocks) + (select count(*) from cell.packs) + (select count(*) from cell.holders) as left`.execute(
      this.cell.db,
    );
    assert.equal(rows[0]?.left, 0, "rows are left");
  }

  async someoneWaits(orElse: () => boolean): Promise<void> {
    const stillInTime = bounded("a statement waits for a lock");
    for (;;) {
      const { rows } = await sql`select from pg_locks where not granted`.execute(this.cell.db);
      if (rows.length > 0 || orElse()) return;
      stillInTime();
    }
  }

  async assertBooks(): Promise<void> {
    const { rows } = await sql<{ id: string }>`
      select id from cell.packs as pack where live_bytes <>
        (select coalesce(sum(stored_size), 0) from cell.blocks as block where block.pack_id = pack.id)
        or (state = 'doomed') <> (live_bytes = 0)`.execute(this.cell.db);
    assert.deepEqual(rows, []);
  }
}

export interface CopyRow {
  readonly hash: HashHex;
  readonly packId: string;
  readonly state: string;
  readonly waits: boolean;
  readonly codec: string;
  readonly offset: number;
}

export interface CollectScene {
  readonly world: CollectWorld;
  readonly ann: TestSpace;
  readonly bob: TestSpace;
  readonly pool: BlockPool;
}

/** Must be called once in a test file, outside of tests. The result may only be read inside tests. */
export function useCollectScene(): CollectScene {
  let databases: TestDatabases;
  let pool: BlockPool;
  let scene: Omit<CollectScene, "pool">;
  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    pool = startTestPool();
  });
  beforeEach(async () => {
    const world = await CollectWorld.open(databases, pool);
    scene = { world, ann: await world.space(), bob: await world.space() };
  });
  after(async () => {
    await pool.close();
    await databases.stop();
  });
  return {
    get world() {
      return scene.world;
    },
    get ann() {
      return scene.ann;
    },
    get bob() {
      return scene.bob;
    },
    get pool() {
      return pool;
    },
  };
}

export const someBlocks = (count: number, sizeBytes = 1000): IncomingBlock[] =>
  Array.from({ length: count }, () => blockOf(randomBytes(sizeBytes)));

export const hashesOf = (blocks: readonly IncomingBlock[]): HashHex[] => blocks.map(({ hash }) => hash);
