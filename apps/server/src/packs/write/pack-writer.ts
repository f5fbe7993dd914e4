import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { fromHashHex } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { storeFull } from "./disk-reserve.ts";
import { packKey, recordOffsets, tagBytes } from "../format/pack-format.ts";
import type { PackRecord } from "../format/pack.ts";
import { compareHolders, type Holder, insertPack, type PackRows, type Stamps } from "../index/pack-rows.ts";
import type { Parcel, Pending } from "./parcel.ts";
import { sealGroup } from "./seal-group.ts";
import { storedBytesIn } from "../format/slab.ts";
import type { SlabStock } from "../format/slab-stock.ts";
import { assertStoredInTime } from "./storing-time.ts";
import { insertSpaceBlocks } from "../index/space-blocks.ts";

/** Called between two durable steps of a store. A test ends the process there. */
export type CrashPoint = (reached: "pack durable" | "cell rows" | "shard rows") => void;

export interface PackWriterPorts {
  readonly cell: BlockCell;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly stock: SlabStock;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: BlockLog;
  readonly crashPoint: CrashPoint;
}

/**
 * Group commit of one cell. Blocks that arrive while packs are being written wait for a few milliseconds, or until a
 * pack is full. They share one pack, one fsync and one transaction. Several packs are in progress, so that one is
 * sealed while another is synced. If a group fails, its calls fail, and blocks sent again are sealed under a new id.
 * Its pack may still be in the store, and is adopted (`adopt-orphans.ts`).
 */
export class PackWriter {
  readonly #ports: PackWriterPorts;
  readonly #pending: Pending[] = [];
  #pendingBytes = 0;
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;
  #idle: (() => void)[] = [];

  constructor(ports: PackWriterPorts) {
    this.#ports = ports;
  }

  /** Takes over the slabs. Resolves when all parcels are acknowledged. */
  async write(parcels: readonly Parcel[]): Promise<void> {
    if (this.#closing) throw new HoldfastError("unavailable", "The server is stopping. Try again in a moment.");
    const bulk = parcels.some(({ leaveOut }) => leaveOut !== undefined) ? parcels : undefined;
    const outcomes = parcels.map((parcel) => this.#enqueue(parcel, bulk));
    this.#schedule();
    // Waits for all, so that no part of a failed call is still running when it fails.
    const settled = await Promise.allSettled(outcomes);
    for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** Rejects new parcels, and resolves when the rest is done. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#underWay === 0 && this.#pending.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #enqueue(parcel: Parcel, bulk: Pending["bulk"]): Promise<void> {
    return new Promise((done, fail) => {
      const sizeBytes = storedBytesIn(parcel.slab);
      this.#pending.push({ parcel, sizeBytes, bulk, done, fail });
      this.#pendingBytes += sizeBytes;
    });
  }

  #schedule(): void {
    while (this.#underWay < packsUnderWayMax && this.#pendingBytes >= limits.packBytesTarget) this.#start();
    if (this.#pending.length === 0) return;
    // If nothing is in progress, waiting would only cost time. Later parcels wait for this pack.
    if (this.#underWay === 0) return this.#start();
    if (this.#underWay >= packsUnderWayMax || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#pending.length > 0 && this.#underWay < packsUnderWayMax) this.#start();
      this.#schedule();
    }, groupDelayMs);
  }

  #start(): void {
    const group = this.#takeGroup();
    this.#underWay += 1;
    void this.#writeGroup(group)
      .catch((error: unknown) => this.#giveUp(group, error))
      .finally(() => {
        this.#underWay -= 1;
        this.#schedule();
        if (this.#underWay === 0 && this.#pending.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
      });
  }

  #takeGroup(): Pending[] {
    const group: Pending[] = [];
    const bulk = this.#pending[0]?.bulk;
    let sizeBytes = 0;
    let records = 0;
    let isFull = false;
    for (const next of this.#pending.splice(0)) {
      const count = next.parcel.slab.blocks.length;
      const isTooMuch = sizeBytes >= limits.packBytesTarget || records + count > limits.packRecordsMax;
      // A wrong block makes its group be sealed again or fail, which must not affect other calls.
      const mayShare = next.bulk === bulk;
      isFull ||= bulk === undefined && mayShare && group.length > 0 && (isTooMuch || isAlsoOfOthers(next, group));
      if (isFull || !mayShare) {
        this.#pending.push(next);
        continue;
      }
      group.push(next);
      sizeBytes += next.sizeBytes;
      records += count;
    }
    this.#pendingBytes -= sizeBytes;
    return group;
  }

  async #writeGroup(group: readonly Pending[]): Promise<void> {
    const { cell, stock, clock, crashPoint } = this.#ports;
    const sealed = await sealGroup(this.#ports, group);
    if (sealed === undefined) return;
    const { packId, epoch, pieces, records, parts } = sealed;
    const startedMs = clock.nowMs();
    await cell.store.put(packKey(packId), pieces);
    crashPoint("pack durable");
    const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    // Only after a successful put are the buffers no longer read.
    for (const buffer of new Set(pieces.map((piece) => piece.buffer))) stock.giveBack(buffer);
    const rows = { packId, epoch, sizeBytes, blocks: blockRowsOf(records) };
    const stamps = await insertPack(cell.db, rows, collectHolders(parts, records), clock.nowMicros());
    crashPoint("cell rows");
    assertStoredInTime(startedMs, clock.nowMs());
    await Promise.all(callersOf(parts).map((caller) => this.#acknowledge(caller, stamps, startedMs)));
  }

  /** Acknowledges each space on its own shard. A shard that does not respond fails only its own calls. */
  async #acknowledge(parts: readonly Pending[], stamps: Stamps, startedMs: number): Promise<void> {
    const [first] = parts;
    if (first === undefined) return;
    const { spaceId, uploader } = first.parcel;
    const later = new Map(
      stamps.later.filter((each) => each.spaceId === spaceId).map(({ hash, stamp }) => [hash.toString("hex"), stamp]),
    );
    const sizes = new Map(parts.flatMap(({ parcel }) => parcel.slab.blocks.map(({ hash, size }) => [hash, size])));
    const blocks = [...sizes].map(([hash, sizeBytes]) => {
      return { hash: fromHashHex(hash), sizeBytes, stamp: later.get(hash) ?? stamps.stamp };
    });
    blocks.sort((left, right) => Buffer.compare(left.hash, right.hash));
    try {
      await insertSpaceBlocks(
        this.#ports.shards.ofId(spaceId).db,
        spaceId,
        uploader,
        blocks,
        this.#ports.clock.nowMicros(),
      );
      this.#ports.crashPoint("shard rows");
      assertStoredInTime(startedMs, this.#ports.clock.nowMs());
      for (const { done } of parts) done();
    } catch (error) {
      this.#giveUp(parts, error);
    }
  }

  #giveUp(parts: readonly Pending[], error: unknown): void {
    const failure = toStoreFailure(error);
    this.#ports.log.warn({ err: error, calls: parts.length }, "blocks could not be stored");
    for (const { fail } of parts) fail(failure);
  }
}

/** Short compared to an fsync, but long enough to group concurrent requests. */
const groupDelayMs = 4;
const packsUnderWayMax = 4;

/** A pack has one row per hash, and each space needs its own copy. */
function isAlsoOfOthers({ parcel: { spaceId, slab } }: Pending, group: readonly Pending[]): boolean {
  const others = group.filter(({ parcel }) => parcel.spaceId !== spaceId);
  if (others.length === 0) return false;
  const hashes = new Set(slab.blocks.map(({ hash }) => hash));
  return others.some(({ parcel }) => parcel.slab.blocks.some(({ hash }) => hashes.has(hash)));
}

function blockRowsOf(records: readonly PackRecord[]): PackRows["blocks"] {
  const storedLengths = records.map(({ length }) => length + tagBytes);
  const offsets = recordOffsets(storedLengths);
  return records.map(({ hash, sizeBytes, codec }, recordIndex) => {
    return {
      hash,
      sizeBytes,
      codec,
      recordIndex,
      offset: offsets[recordIndex] ?? 0,
      storedSize: storedLengths[recordIndex] ?? 0,
    };
  });
}

function collectHolders(group: readonly Pending[], records: readonly PackRecord[]): Holder[] {
  let record = 0;
  const holders: Holder[] = [];
  for (const { parcel } of group) {
    for (const _ of parcel.slab.blocks) {
      const { hash } = records[record] ?? missingRecord();
      holders.push({ hash, spaceId: parcel.spaceId });
      record += 1;
    }
  }
  holders.sort(compareHolders);
  return holders.filter((holder, index) => {
    const before = holders[index - 1];
    return before === undefined || before.spaceId !== holder.spaceId || Buffer.compare(before.hash, holder.hash) !== 0;
  });
}

function callersOf(group: readonly Pending[]): Pending[][] {
  const callers = new Map<string, Pending[]>();
  for (const part of group) {
    const caller = `${part.parcel.spaceId} ${part.parcel.uploader}`;
    const known = callers.get(caller);
    if (known === undefined) callers.set(caller, [part]);
    else known.push(part);
  }
  return [...callers.values()];
}

function missingRecord(): never {
  throw new HoldfastError("internal", "A group has fewer records than blocks.");
}

/**
 * Apart from the quota, no failure here is the caller's fault, so the call can be repeated. The store's location only
 * appears in the log.
 */
function toStoreFailure(error: unknown): HoldfastError {
  const failure = toHoldfastError(error);
  if (failure.code === "store_full") return storeFull(0, { cause: error });
  if (failure.retryable || failure.code === "not_found" || failure.code === "quota") return failure;
  return new HoldfastError("unavailable", "The block cannot be stored at the moment. Try again.", {
    cause: error,
    retryAfterSeconds: 1,
  });
}
