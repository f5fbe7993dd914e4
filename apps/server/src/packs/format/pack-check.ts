import { decodeFrame } from "@holdfast/codec/codec";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256Bytes } from "@holdfast/core/hash";
import { openBlock, openFooter } from "./pack.ts";
import type { PackIndex, SealInput } from "./pack.ts";
import { parseHeader, tagBytes } from "./pack-format.ts";
import type { PackId } from "./pack-format.ts";
import type { RecordPlace } from "./seal.ts";

export interface ScrubRow {
  readonly hash: Uint8Array;
  readonly index: number;
  readonly start: number;
  readonly storedSize: number;
  readonly sizeBytes: number;
  readonly codec: "raw" | "zstd";
  readonly damaged: boolean;
}

export interface ScrubInput {
  /** Decrypted in place. */
  readonly pack: Uint8Array;
  readonly packId: PackId;
  readonly epoch: number;
  readonly key: Uint8Array;
  readonly rows: readonly ScrubRow[];
}

export interface ScrubFinding {
  /** Reason why header or footer cannot be read. The records may still be readable by their rows. */
  readonly footer: string | undefined;
  readonly faults: readonly (string | undefined)[];
}

/** Checks seal and hash of every record with a row, and compares it with the footer. */
export function checkPack({ pack, packId, epoch, key, rows }: ScrubInput): ScrubFinding {
  const index = describe({ head: pack, tail: pack, packBytes: pack.length }, { packId, epoch, key });
  const known = typeof index === "string" ? undefined : index;
  const faults = rows.map((row) => faultOf(pack, { packId, key }, row) ?? (known && differenceOf(known, row)));
  return { footer: known === undefined ? (index as string) : undefined, faults };
}

export const brokenSeal = "the block's encryption seal is broken";

/** Returns the fault of a sealed record, which is decrypted in place. Without a broken seal it is as it was sealed. */
export function blockFault(
  key: Uint8Array,
  place: RecordPlace & { readonly codec: "raw" | "zstd" },
  sealed: Uint8Array,
  hash: Uint8Array,
): string | undefined {
  const payload = openBlock(key, place, sealed);
  if (payload === undefined) return brokenSeal;
  try {
    const plain = decodeFrame(place.codec, payload, place.sizeBytes);
    return Buffer.compare(sha256Bytes(plain), hash) === 0 ? undefined : "the block has a different hash";
  } catch (error) {
    if (error instanceof HoldfastError) return "the block cannot be decoded";
    throw error;
  }
}

/** Header and footer suffice to rebuild the index. */
export function footerFault(
  pieces: readonly Uint8Array[],
  { packId, epoch, key, records }: Pick<SealInput, "packId" | "epoch" | "key" | "records">,
): string | undefined {
  const [head = noBytes] = pieces;
  const packBytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const known = describe({ head, tail: pieces.at(-1) ?? noBytes, packBytes }, { packId, epoch, key });
  if (typeof known === "string") return known;
  let start = known.offsets[0] ?? 0;
  for (const [index, { hash, sizeBytes, codec, length }] of records.entries()) {
    const difference = differenceOf(known, { hash, sizeBytes, codec, index, start });
    if (difference !== undefined) return difference;
    start += length + tagBytes;
  }
  return known.entries.length === records.length ? undefined : "its list has a different length";
}

const noBytes = new Uint8Array(0);

interface PackEnds {
  /** At least the header. */
  readonly head: Uint8Array;
  /** Ends with the footer. */
  readonly tail: Uint8Array;
  readonly packBytes: number;
}

function describe(
  { head, tail, packBytes }: PackEnds,
  { packId, epoch, key }: Pick<ScrubInput, "packId" | "epoch" | "key">,
): PackIndex | string {
  try {
    const { epoch: named, footerLength } = parseHeader(head, packBytes);
    // An index rebuild finds the key by this epoch.
    if (named !== epoch)
      return `The pack cannot be read: it names the data key ${named} and was encrypted with ${epoch}.`;
    return openFooter(head, tail.subarray(tail.length - footerLength), packBytes, { packId, key });
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "damaged") return error.message;
    throw error;
  }
}

function faultOf(
  pack: Uint8Array,
  { packId, key }: { packId: PackId; key: Uint8Array },
  row: ScrubRow,
): string | undefined {
  const { index, start, storedSize, codec, sizeBytes, hash } = row;
  const record = pack.subarray(start, start + storedSize);
  if (record.length !== storedSize) return "the pack ends before the block does";
  return blockFault(key, { packId, index, codec, sizeBytes }, record, hash);
}

function differenceOf(
  { entries, offsets }: PackIndex,
  row: Pick<ScrubRow, "hash" | "sizeBytes" | "codec" | "index" | "start">,
): string | undefined {
  const entry = entries[row.index];
  const same =
    entry !== undefined &&
    Buffer.compare(entry.hash, row.hash) === 0 &&
    entry.sizeBytes === row.sizeBytes &&
    entry.codec === row.codec &&
    offsets[row.index] === row.start;
  return same ? undefined : "the pack's own list differs";
}
