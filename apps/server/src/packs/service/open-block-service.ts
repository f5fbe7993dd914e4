import type { Clock, Random } from "@holdfast/core/clock";
import { fromHashHex } from "@holdfast/core/hash";
import { bucketOf, type HashHex, type SpaceId } from "@holdfast/core/ids";
import { debtorsOf } from "@holdfast/object-store/two-stores";
import type { Shards } from "../../base/db/shards.ts";
import { BlockRoom } from "../write/block-room.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockCells } from "../cells/open-block-cells.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { findLost, hasDamaged } from "../index/block-rows.ts";
import type { BlockService } from "./block-service.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { ByteBudget } from "../write/byte-budget.ts";
import { discardBlocks } from "../index/discard-blocks.ts";
import { type DiskReserve, noReserve } from "../write/disk-reserve.ts";
import { holdAlso } from "./hold-also.ts";
import { listDamaged } from "../index/list-damaged.ts";
import { type CrashPoint, PackWriter } from "../write/pack-writer.ts";
import { readBlocks } from "../read/read-blocks.ts";
import { readFileRange } from "../read/read-file-range.ts";
import { slabBytes, SlabStock } from "../format/slab-stock.ts";
import { findHeld } from "../index/space-blocks.ts";
import { storeBlocks } from "../write/store-blocks.ts";
import { StoringRoom } from "../write/storing-room.ts";
import { openTail, sealTail } from "../write/tails.ts";

export interface BlockServiceOptions {
  readonly cells: BlockCells;
  readonly shards: Shards;
  /** Closed by the caller after this service. */
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: BlockLog;
  /**
   * Maximum payload bytes of blocks being written into packs; 64 MiB by default. Payloads outside a `BlockRoom` are in
   * memory twice: in the caller's buffer and in the slab.
   */
  readonly bytesInFlightMax?: number;
  readonly crashPoint?: CrashPoint;
  readonly unreferencedMs: number;
  /** Reserve of the disks for the cell's uploads; none by default. */
  readonly reserveOf?: (cell: BlockCell) => DiskReserve;
}

export interface OpenBlockService extends BlockService {
  /** Resolves when this process no longer stores anything for the space. */
  settled(spaceId: SpaceId): Promise<void>;
  /** Rejects further stores, and resolves when the running ones are done. */
  close(): Promise<void>;
}

export function openBlockService(options: BlockServiceOptions): OpenBlockService {
  const { cells, shards, pool, clock, random, log } = options;
  const {
    crashPoint = () => {},
    bytesInFlightMax = 64 * 1024 * 1024,
    unreferencedMs,
    reserveOf = () => noReserve,
  } = options;
  const stock = new SlabStock(bytesInFlightMax);
  const writerPorts = { shards, pool, stock, clock, random, log, crashPoint };
  const writers = new Map<BlockCell, PackWriter>(
    cells.all().map((cell) => [cell, new PackWriter({ cell, ...writerPorts })]),
  );
  const writerOf = (spaceId: SpaceId): PackWriter => {
    const cell = cells.of(bucketOf(spaceId));
    return writers.get(cell) ?? new PackWriter({ cell, ...writerPorts });
  };
  const budget = new ByteBudget(bytesInFlightMax);
  const storing = new StoringRoom();
  const reserveFor = (spaceId: SpaceId): DiskReserve => reserveOf(cells.of(bucketOf(spaceId)));
  const storePorts = { ...options, stock, budget, storing, writerOf, reserveFor };

  // A caller who breaks the promise of `passing` can damage a response but never a pack.
  const readPorts = { ...options, stock: new SlabStock(readBytesKept) };

  const service: OpenBlockService = {
    room: (expectedBytes) => new BlockRoom(stock, expectedBytes),
    assertRoom: (spaceId, sizeBytes) => reserveFor(spaceId).assertRoom(sizeBytes),
    store: (spaceId, uploader, blocks, leaveOut) => storeBlocks(storePorts, spaceId, uploader, blocks, leaveOut),
    async held(spaceId, hashes) {
      if (hashes.length === 0) return new Set();
      const { db, store } = cells.of(bucketOf(spaceId));
      const bytes = [...new Set(hashes)].map(fromHashHex);
      const asking = { now: clock.nowMicros(), lifetimeMs: unreferencedMs, debtors: await debtorsOf(store) };
      const held = await findHeld(shards.ofId(spaceId).db, db, spaceId, bytes, asking);
      return held as Set<HashHex>;
    },
    discard: (spaceId, uploader, hashes) =>
      discardBlocks(
        shards.ofId(spaceId).db,
        { spaceId, uploader, hashes },
        { nowMicros: clock.nowMicros(), lifetimeMs: unreferencedMs },
      ),
    async anyDamaged(spaceId) {
      const { db, store } = cells.of(bucketOf(spaceId));
      return hasDamaged(db, await debtorsOf(store));
    },
    async lost(spaceId, hashes) {
      const { db, store } = cells.of(bucketOf(spaceId));
      return findLost(db, hashes, await debtorsOf(store));
    },
    holdAlso: (spaceId, also) => holdAlso({ ...options, ...service }, spaceId, also),
    async damaged(spaceId, page) {
      const { db, store } = cells.of(bucketOf(spaceId));
      return listDamaged({ shards, cell: db, debtors: await debtorsOf(store) }, spaceId, page);
    },
    read: (spaceId, hashes, { signal, passing = false, reading, passesOver, asOwner = false } = {}) =>
      readBlocks(readPorts, spaceId, hashes, { plain: false, signal, passing, reading, passesOver, asOwner }),
    readRange: (spaceId, entries, startByte, endByte, { signal, passing = false, reading, asOwner = false } = {}) =>
      readFileRange(readPorts, spaceId, { entries, startByte, endByte, signal, passing, reading, asOwner }),
    sealTail: (place, plain) => sealTail(cells, random, place, plain),
    openTail: (place, tail) => openTail(cells, place, tail),
    settled: (spaceId) => storing.settled(spaceId),
    async close() {
      await Promise.all([...writers.values()].map((writer) => writer.close()));
    },
  };
  return service;
}

/** Batches of two readers: the current one and those ahead. */
const readBytesKept = 16 * slabBytes;
