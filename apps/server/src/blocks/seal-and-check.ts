import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { blockFault, footerFault } from "./pack-check.ts";
import { tagBytes } from "./pack-format.ts";
import { openBlock, sealPack, storedBytesOf } from "./pack.ts";
import type { SealInput } from "./pack.ts";

/** A record that does not come back from its seal as the block that it is said to be. */
export interface SealFault {
  /** Of the record. */
  readonly index: number;
  readonly reason: string;
}

export interface Sealed {
  /** The pack, if there are no faults; it must not be written else. */
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  readonly faults: readonly SealFault[];
  /** Those of the input. After faults the payloads stand in them again, of all records without one. */
  readonly slabs: readonly ArrayBuffer[];
}

/**
 * Seals a pack, and reads back from the very bytes that will be written what a scrub would read: records are opened and
 * decoded, and their hashes taken, and the footer lists them. So a defect of a compressor, a cipher or a buffer behind the
 * first check of a block becomes an upload that fails, and never a file that is acknowledged and lost.
 * What it costs stands in docs/decisions/048-what-is-sealed-is-read-back.md.
 * @param seal a broken one in tests
 * @throws HoldfastError internal if the footer does not come back
 */
export function sealAndCheck(input: SealInput, seal: typeof sealPack = sealPack): Sealed {
  const pieces = seal(input);
  const { slabs } = input;
  const faults = findFaults(input);
  if (faults.length > 0) return { pieces: [], faults, slabs: unseal(input, faults) };
  const reason = footerFault(pieces, input);
  if (reason !== undefined) throw new HoldfastError("internal", `A pack was encrypted incorrectly: ${reason}.`);
  return { pieces, faults, slabs };
}

function findFaults({ packId, key, records, slabs }: SealInput): SealFault[] {
  return records.flatMap((record, index) => {
    const { codec, sizeBytes, hash } = record;
    const reason = blockFault(key, { packId, index, codec, sizeBytes }, copyOf(storedBytesOf(slabs, record)), hash);
    return reason === undefined ? [] : [{ index, reason }];
  });
}

/** One for each thread: a record is opened where it stands, and the one that stands in the pack is to stay sealed. */
let scratch: Uint8Array<ArrayBuffer> | undefined;

function copyOf(sealed: Uint8Array): Uint8Array<ArrayBuffer> {
  scratch ??= new Uint8Array(limits.blockBytesMax + tagBytes);
  scratch.set(sealed);
  return scratch.subarray(0, sealed.length);
}

function unseal({ packId, key, records, slabs }: SealInput, faults: readonly SealFault[]): readonly ArrayBuffer[] {
  const broken = new Set(faults.map(({ index }) => index));
  for (const [index, record] of records.entries()) {
    const { codec, sizeBytes } = record;
    if (!broken.has(index)) openBlock(key, { packId, index, codec, sizeBytes }, storedBytesOf(slabs, record));
  }
  return slabs;
}
