import { decodeFrame } from "@holdfast/codec/codec";
import { withoutEmptyFrame } from "@holdfast/codec/zstd-frame";
import { HoldfastError } from "@holdfast/core/errors";
import {
  footerEntryBytes,
  footerLength,
  headerLength,
  parseFooter,
  parseHeader,
  recordOffsets,
  tagBytes,
  writeFooterEntry,
  writeHeader,
} from "./pack-format.ts";
import type { FooterEntry, PackHeader, PackId } from "./pack-format.ts";
import { openRecord, sealRecord } from "./seal.ts";
import type { RecordPlace } from "./seal.ts";

/** The slab has space for the tag after the payload. */
export interface PackRecord extends FooterEntry {
  readonly slab: number;
  readonly start: number;
  readonly length: number;
}

export interface SealInput {
  readonly packId: PackId;
  readonly epoch: number;
  /** Key of this pack only (`packKeyOf`). */
  readonly key: Uint8Array;
  /** Overwritten, because records are sealed in place. */
  readonly slabs: readonly ArrayBuffer[];
  readonly records: readonly PackRecord[];
}

/** @returns consecutive pieces of the pack */
export function sealPack({ packId, epoch, key, slabs, records }: SealInput): Uint8Array<ArrayBuffer>[] {
  for (const [index, record] of records.entries()) {
    const { codec, sizeBytes } = record;
    sealRecord(key, { packId, index, codec, sizeBytes }, storedBytesOf(slabs, record));
  }
  const storedLengths = Uint32Array.from(records, ({ length }) => length + tagBytes);
  const { head, footer } = sealEnds({ packId, epoch, key, storedLengths, entries: records });
  return [head, ...joinNeighbours(slabs, records), footer];
}

export interface PackEnds {
  readonly packId: PackId;
  readonly epoch: number;
  readonly key: Uint8Array;
  readonly storedLengths: Uint32Array;
  /** Equal for one pack id, because a nonce must only seal one text. */
  readonly entries: readonly FooterEntry[];
}

export function sealEnds({ packId, epoch, key, storedLengths, entries }: PackEnds): {
  head: Uint8Array<ArrayBuffer>;
  footer: Uint8Array<ArrayBuffer>;
} {
  const count = entries.length;
  const head = new Uint8Array(headerLength(count));
  const footer = new Uint8Array(footerLength(count));
  writeHeader(head, { packId, epoch, storedLengths, footerLength: footer.length });
  for (const [index, entry] of entries.entries()) writeFooterEntry(footer, index, entry);
  sealRecord(key, { packId, index: count, codec: "footer", sizeBytes: footer.length - tagBytes }, footer);
  return { head, footer };
}

export interface OpenInput {
  readonly packId: PackId;
  readonly key: Uint8Array;
  /** Overwritten by the payloads. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `start` is relative to `bytes`. */
  readonly records: readonly {
    readonly index: number;
    readonly start: number;
    readonly storedSize: number;
    readonly codec: "raw" | "zstd";
    readonly sizeBytes: number;
  }[];
  readonly plain: boolean;
}

/** @returns payloads; undefined for a record that differs from what was sealed */
export function openRecords({
  packId,
  key,
  bytes,
  records,
  plain,
}: OpenInput): (Uint8Array<ArrayBuffer> | undefined)[] {
  return records.map(({ index, start, storedSize, codec, sizeBytes }) => {
    const sealed = bytes.subarray(start, start + storedSize);
    const payload =
      sealed.length === storedSize ? openBlock(key, { packId, index, codec, sizeBytes }, sealed) : undefined;
    if (payload === undefined || !plain) return payload;
    return codec === "raw" ? payload : decodeSealed(payload, sizeBytes);
  });
}

/** Works like `openRecord`, without the empty frame that older versions stored after a zstd frame. */
export function openBlock<Memory extends ArrayBufferLike>(
  key: Uint8Array,
  place: RecordPlace,
  sealed: Uint8Array<Memory>,
): Uint8Array<Memory> | undefined {
  const payload = openRecord(key, place, sealed);
  return payload === undefined || place.codec !== "zstd" ? payload : withoutEmptyFrame(payload, place.sizeBytes);
}

export interface PackIndex {
  readonly header: PackHeader;
  readonly entries: readonly FooterEntry[];
  readonly offsets: readonly number[];
}

/**
 * @param head at least the header
 * @param sealedFooter last `footerLength` bytes
 * @throws HoldfastError damaged
 */
export function openFooter(
  head: Uint8Array,
  sealedFooter: Uint8Array,
  packBytes: number,
  expected: { packId: PackId; key: Uint8Array },
): PackIndex {
  const header = parseHeader(head, packBytes);
  const count = header.storedLengths.length;
  if (header.packId !== expected.packId) throw damaged(`its header has the ID ${header.packId}`);
  const place = { packId: header.packId, index: count, codec: "footer", sizeBytes: count * footerEntryBytes } as const;
  const footer = openRecord(expected.key, place, Uint8Array.from(sealedFooter));
  if (footer === undefined) throw damaged("its footer cannot be decrypted");
  const entries = parseFooter(footer, count);
  for (const [index, { sizeBytes, codec }] of entries.entries()) {
    const payloadBytes = (header.storedLengths[index] ?? 0) - tagBytes;
    const fits = codec === "raw" ? payloadBytes === sizeBytes : payloadBytes < sizeBytes;
    if (!fits) throw damaged(`record ${index} has ${payloadBytes} bytes for ${sizeBytes} of a ${codec} block`);
  }
  return { header, entries, offsets: recordOffsets(header.storedLengths) };
}

const noBytes = new ArrayBuffer(0);

/** A record that cannot be decoded was sealed incorrectly, and is lost too. */
function decodeSealed(payload: Uint8Array, sizeBytes: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(decodeFrame("zstd", payload, sizeBytes));
  } catch (error) {
    if (error instanceof HoldfastError) return undefined;
    throw error;
  }
}

/** Includes the tag. */
export function storedBytesOf(
  slabs: readonly ArrayBuffer[],
  { slab, start, length }: PackRecord,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(slabs[slab] ?? noBytes, start, length + tagBytes);
}

function joinNeighbours(slabs: readonly ArrayBuffer[], records: readonly PackRecord[]): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (const record of records) {
    const piece = storedBytesOf(slabs, record);
    const last = pieces.at(-1);
    if (last?.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset) {
      pieces[pieces.length - 1] = new Uint8Array(piece.buffer, last.byteOffset, last.length + piece.length);
    } else {
      pieces.push(piece);
    }
  }
  return pieces;
}

function damaged(problem: string): HoldfastError {
  return new HoldfastError("damaged", `The pack cannot be read: ${problem}.`);
}
