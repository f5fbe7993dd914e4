import { decodeFrame } from "@holdfast/codec/codec";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256Bytes } from "@holdfast/core/hash";
import { openBlock, openFooter } from "./pack.ts";
import type { PackIndex } from "./pack.ts";
import { parseHeader } from "./pack-format.ts";
import type { PackId } from "./pack-format.ts";

/** What the index says of a record. */
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
  /** Opened in place. */
  readonly pack: Uint8Array;
  readonly packId: PackId;
  /** Of the data key that the index names. */
  readonly epoch: number;
  readonly key: Uint8Array;
  readonly rows: readonly ScrubRow[];
}

export interface ScrubFinding {
  /** Why the pack could not describe itself any more; its records may still be read by their rows. */
  readonly footer: string | undefined;
  /** For each row what is wrong with its record. */
  readonly faults: readonly (string | undefined)[];
}

/** Checks seal and hash of every record that has a row, and that the footer says the same of it. */
export function checkPack({ pack, packId, epoch, key, rows }: ScrubInput): ScrubFinding {
  const index = describe(pack, { packId, epoch, key });
  const known = typeof index === "string" ? undefined : index;
  const faults = rows.map((row) => faultOf(pack, { packId, key }, row) ?? (known && differenceOf(known, row)));
  return { footer: known === undefined ? (index as string) : undefined, faults };
}

function describe(
  pack: Uint8Array,
  { packId, epoch, key }: Pick<ScrubInput, "packId" | "epoch" | "key">,
): PackIndex | string {
  try {
    const { epoch: named, footerLength } = parseHeader(pack, pack.length);
    // Whoever rebuilds the index has nothing else to find the key by.
    if (named !== epoch) return `The pack cannot be read: it names the data key ${named}, and was sealed by ${epoch}.`;
    return openFooter(pack, pack.subarray(pack.length - footerLength), pack.length, { packId, key });
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
  const payload = openBlock(key, { packId, index, codec, sizeBytes }, record);
  if (payload === undefined) return "the block's seal is broken";
  try {
    const plain = decodeFrame(codec, payload, sizeBytes);
    return Buffer.compare(sha256Bytes(plain), hash) === 0 ? undefined : "the block has another hash";
  } catch (error) {
    if (error instanceof HoldfastError) return "the block does not decode";
    throw error;
  }
}

function differenceOf({ entries, offsets }: PackIndex, row: ScrubRow): string | undefined {
  const entry = entries[row.index];
  const same =
    entry !== undefined &&
    Buffer.compare(entry.hash, row.hash) === 0 &&
    entry.sizeBytes === row.sizeBytes &&
    entry.codec === row.codec &&
    offsets[row.index] === row.start;
  return same ? undefined : "the pack's own list says otherwise";
}
