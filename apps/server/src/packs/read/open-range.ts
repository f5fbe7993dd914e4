import { ownBytes } from "@holdfast/codec/task";
import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import type { GetOptions } from "@holdfast/object-store/object-store";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockCells } from "../cells/open-block-cells.ts";
import type { BlockLog } from "../facts/block-log.ts";
import type { BlockPlace } from "../index/block-rows.ts";
import type { StoredBlock } from "./stored-block.ts";
import { type BlockPool, type Opened, openInPool } from "../format/block-tasks.ts";
import { type PackId, packKey } from "../format/pack-format.ts";
import type { PackRange } from "./read-plan.ts";
import { packKeyOf } from "../format/seal.ts";
import type { SlabStock } from "../format/slab-stock.ts";

export interface ReadPorts {
  readonly cells: BlockCells;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly log: BlockLog;
}

export interface Reader extends ReadPorts {
  readonly cell: BlockCell;
  readonly spaceId: SpaceId;
  readonly plain: boolean;
  readonly asOwner: boolean;
  readonly signal: AbortSignal;
  /** Source of the memory for reads, which is returned to it if a payload is unused when the next is requested. */
  readonly stock: SlabStock | undefined;
}

/**
 * @throws HoldfastError not_found or range if the pack is missing or too short; unavailable for other errors of the
 * store
 */
export async function openRange(
  { cell, pool, plain, signal, stock }: Reader,
  { packId, epoch, start, end, places }: PackRange,
): Promise<Opened> {
  const { key } = await cell.keyring.keyOf(epoch);
  let memory: ArrayBuffer | undefined;
  const allocate = (sizeBytes: number) => {
    memory = stock?.take(sizeBytes) ?? Buffer.allocUnsafeSlow(sizeBytes).buffer;
    return new Uint8Array(memory, 0, sizeBytes);
  };
  const read = await getRange(cell, packId, { range: { start, end }, signal, allocate });
  const bytes = read.buffer === memory ? new Uint8Array(memory, 0, read.length) : ownBytes(read);
  const records = places.map(({ recordIndex, offset, storedSize, codec, sizeBytes }) => {
    return { index: recordIndex, start: offset - start, storedSize, codec, sizeBytes };
  });
  return openInPool(pool, { packId, key: packKeyOf(key, packId), bytes, records, plain });
}

/** @returns undefined if the pack is missing or too short */
export async function openRangeIfThere(reader: Reader, range: PackRange): Promise<Opened | undefined> {
  try {
    return await openRange(reader, range);
  } catch (error) {
    if (error instanceof HoldfastError && (error.code === "not_found" || error.code === "range")) return undefined;
    throw error;
  }
}

/** Returns true for an error of the store or its disk, after which another copy may be readable. */
export function isUnread(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && error.code === "unavailable";
}

/** Denied access (keys, permissions, a missing bucket) counts as unavailable, because the store may return. */
async function getRange({ store }: BlockCell, packId: PackId, options: GetOptions): Promise<Uint8Array> {
  try {
    return await store.get(packKey(packId), options);
  } catch (error) {
    if (!(error instanceof HoldfastError) || (error.code !== "failed" && error.code !== "unavailable")) throw error;
    throw new HoldfastError("unavailable", "The block cannot be read at the moment. Try again.", {
      cause: error,
      retryAfterSeconds: 5,
    });
  }
}

export function toBlock({ plain }: Reader, { hash, sizeBytes, codec }: BlockPlace, payload: Uint8Array): StoredBlock {
  return { hash, sizeBytes, codec: plain ? "raw" : codec, payload };
}
