import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { fromHashHex, toHashHex } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { type BlockPool, sealInPool } from "../format/block-tasks.ts";
import { type PackId, packIdOf } from "../format/pack-format.ts";
import type { PackRecord } from "../format/pack.ts";
import type { Pending } from "./parcel.ts";
import { packKeyOf } from "../format/seal.ts";
import type { Sealed } from "../format/seal-and-check.ts";
import type { Slab } from "../format/slab.ts";
import type { SlabStock } from "../format/slab-stock.ts";

export interface SealPorts {
  readonly cell: BlockCell;
  readonly pool: BlockPool;
  readonly stock: SlabStock;
  readonly random: Random;
  readonly log: BlockLog;
}

export interface SealedGroup {
  readonly packId: PackId;
  readonly epoch: number;
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  readonly records: readonly PackRecord[];
  readonly parts: readonly Pending[];
}

/**
 * A parcel that cannot be read back fails alone; the others are sealed again under a new id.
 * @returns undefined if none is left
 */
export async function sealGroup(ports: SealPorts, group: readonly Pending[]): Promise<SealedGroup | undefined> {
  const { epoch, key: dataKey } = await ports.cell.keyring.current();
  for (let parts = group; parts.length > 0;) {
    const packId = packIdOf(ports.random(16));
    const records = parts.flatMap(({ parcel }, slab) => recordsOf(parcel.slab, slab));
    const slabs = parts.map(({ parcel }) => parcel.slab.buffer);
    const sealed = await sealInPool(ports.pool, { packId, epoch, key: packKeyOf(dataKey, packId), slabs, records });
    if (sealed.faults.length === 0) return { packId, epoch, pieces: sealed.pieces, records, parts };
    parts = failFaulty(ports, parts, records, sealed);
  }
  return undefined;
}

function recordsOf({ blocks }: Slab, slab: number): PackRecord[] {
  return blocks.map(({ hash, size, codec, start, length }) => {
    return { hash: fromHashHex(hash), sizeBytes: size, codec, slab, start, length };
  });
}

/** @returns the parts without a fault, with their original payloads */
function failFaulty(
  { log, stock }: SealPorts,
  parts: readonly Pending[],
  records: readonly PackRecord[],
  { faults, slabs }: Sealed,
): Pending[] {
  const faulty = new Set<number>();
  for (const { index, reason } of faults) {
    const record = records[index];
    if (record === undefined) throw new HoldfastError("internal", "A fault names no record.");
    const hash = toHashHex(record.hash);
    log.error({ hash, reason }, "a block could not be read back after encryption and was not stored");
    parts[record.slab]?.fail(notReadBack(hash, reason));
    faulty.add(record.slab);
  }
  return parts.flatMap((part, index) => {
    const buffer = slabs[index];
    if (buffer === undefined) throw new HoldfastError("internal", "A slab was not returned by its thread.");
    if (!faulty.has(index)) return [{ ...part, parcel: { ...part.parcel, slab: { ...part.parcel.slab, buffer } } }];
    stock.giveBack(buffer);
    return [];
  });
}

/** Not `unavailable`: if the block causes the fault, repeated attempts would delay all others. */
function notReadBack(hash: HashHex, reason: string): HoldfastError {
  return new HoldfastError(
    "internal",
    `Block ${hash} was not stored: after encryption, ${reason}. Nothing was changed. Upload the file again; if that ` +
      "fails too, check the server's log and hardware.",
    { body: { hash } },
  );
}
