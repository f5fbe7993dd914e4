import { hashMismatch } from "@holdfast/codec/codec";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
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
import { refusalError, type Slab } from "../format/slab.ts";
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
 * A parcel that cannot be read back fails alone, and a wrong block of an unverified parcel is left out or fails its call;
 * the others are sealed again under a new id.
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
    parts = withoutFaulty(ports, parts, records, sealed);
  }
  return undefined;
}

function recordsOf({ blocks }: Slab, slab: number): PackRecord[] {
  return blocks.map(({ hash, size, codec, start, length }) => {
    return { hash: fromHashHex(hash), sizeBytes: size, codec, slab, start, length };
  });
}

/** @returns the parts that are left, with their original payloads and without refused blocks */
function withoutFaulty(
  ports: SealPorts,
  parts: readonly Pending[],
  records: readonly PackRecord[],
  { faults, slabs }: Sealed,
): Pending[] {
  const faulty = parts.map(() => new Set<HashHex>());
  const failed = new Set<Pending>();
  const refused: HashHex[] = [];
  let refusal: HoldfastError | undefined;
  for (const { index, reason, isSealed } of faults) {
    const record = records[index];
    const part = record === undefined ? undefined : parts[record.slab];
    if (record === undefined || part === undefined) throw new HoldfastError("internal", "A fault names no record.");
    const hash = toHashHex(record.hash);
    faulty[record.slab]?.add(hash);
    const { leaveOut } = part.parcel;
    if (leaveOut !== undefined && isSealed) {
      refused.push(hash);
      try {
        leaveOut(hash, refusalError(hash, hashMismatch(hash)));
      } catch (thrown) {
        refusal ??= toHoldfastError(thrown);
      }
      continue;
    }
    ports.log.error({ hash, reason }, "a block could not be read back after encryption and was not stored");
    part.fail(notReadBack(hash, reason));
    failed.add(part);
  }
  // The sender's fault, or a defect of this server's memory.
  if (refused.length > 0)
    ports.log.warn(
      { count: refused.length, hash: refused[0] },
      "received blocks have other hashes and were not stored",
    );
  return parts.flatMap((part, index) => {
    const buffer = slabs[index];
    if (buffer === undefined) throw new HoldfastError("internal", "A slab was not returned by its thread.");
    const blocks = part.parcel.slab.blocks.filter(({ hash }) => faulty[index]?.has(hash) !== true);
    if (refusal === undefined && !failed.has(part) && blocks.length > 0)
      return [{ ...part, parcel: { ...part.parcel, slab: { buffer, blocks } } }];
    ports.stock.giveBack(buffer);
    if (refusal !== undefined) part.fail(refusal);
    else if (!failed.has(part)) part.done();
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
