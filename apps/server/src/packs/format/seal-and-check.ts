import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { blockFault, brokenSeal, footerFault } from "./pack-check.ts";
import { tagBytes } from "./pack-format.ts";
import { openBlock, sealPack, storedBytesOf } from "./pack.ts";
import type { SealInput } from "./pack.ts";

export interface SealFault {
  readonly index: number;
  readonly reason: string;
  /** The record contains exactly the payload that was sealed, so the payload was wrong before. */
  readonly isSealed: boolean;
}

export interface Sealed {
  /** The pack. Empty if there are faults; it must not be written then. */
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  readonly faults: readonly SealFault[];
  /** The slabs of the input. After faults they contain the payloads of all records without a fault. */
  readonly slabs: readonly ArrayBuffer[];
}

/**
 * Reads the pack back, so that a defect of compressor, cipher or memory fails the upload instead of losing an
 * acknowledged file (docs/decisions/048-verify-sealed-packs-before-acknowledging-them.md). The same check verifies
 * blocks from outside that nothing has verified before.
 * @param seal a faulty one in tests
 * @throws HoldfastError internal if the footer cannot be read back
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
    return reason === undefined ? [] : [{ index, reason, isSealed: reason !== brokenSeal }];
  });
}

/** Records are decrypted in place, but the pack must stay sealed. */
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
