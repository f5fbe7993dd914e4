import { decodeFrame } from "@holdfast/codec/codec";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256Bytes } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
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

/** A block to be sealed: its payload stands in one of the slabs. */
export interface PackRecord extends FooterEntry {
  readonly slab: number;
  readonly start: number;
  readonly length: number;
}

export interface SealInput {
  readonly packId: PackId;
  readonly epoch: number;
  /** Of this pack alone (`packKeyOf`). */
  readonly key: Uint8Array;
  readonly slabs: readonly ArrayBuffer[];
  readonly records: readonly PackRecord[];
}

/** @returns the whole pack, on an ArrayBuffer of its own; the records lie at `recordOffsets` of their lengths */
export function sealPack({ packId, epoch, key, slabs, records }: SealInput): Uint8Array<ArrayBuffer> {
  const storedLengths = Uint32Array.from(records, ({ length }) => length + tagBytes);
  const offsets = recordOffsets(storedLengths);
  const footerAt = offsets[records.length] ?? headerLength(0);
  const pack = new Uint8Array(footerAt + footerLength(records.length));
  const footer = new Uint8Array(records.length * footerEntryBytes);
  writeHeader(pack, { packId, epoch, storedLengths, footerLength: footerLength(records.length) });
  for (const [index, record] of records.entries()) {
    const { codec, sizeBytes, slab, start, length } = record;
    const payload = new Uint8Array(slabs[slab] ?? noBytes, start, length);
    sealRecord(key, { packId, index, codec, sizeBytes }, payload, pack, offsets[index] ?? 0);
    writeFooterEntry(footer, index, record);
  }
  sealRecord(key, { packId, index: records.length, codec: "footer", sizeBytes: footer.length }, footer, pack, footerAt);
  return pack;
}

export interface OpenInput {
  readonly packId: PackId;
  readonly key: Uint8Array;
  /** Part of a pack. It is overwritten: the payloads come back in it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `start` counts from the beginning of `bytes`. */
  readonly records: readonly {
    readonly index: number;
    readonly start: number;
    readonly storedSize: number;
    readonly codec: "raw" | "zstd";
    readonly sizeBytes: number;
  }[];
  /** Decode zstd records too. */
  readonly plain: boolean;
}

/** @returns payloads, or undefined where a record is not what was sealed there */
export function openRecords({ packId, key, bytes, records, plain }: OpenInput): (Uint8Array<ArrayBuffer> | undefined)[] {
  return records.map(({ index, start, storedSize, codec, sizeBytes }) => {
    const sealed = bytes.subarray(start, start + storedSize);
    const payload = sealed.length === storedSize ? openRecord(key, { packId, index, codec, sizeBytes }, sealed) : undefined;
    if (payload === undefined) return undefined;
    if (plain && codec === "zstd") return Uint8Array.from(decodeFrame(codec, payload, sizeBytes));
    sealed.set(payload);
    return sealed.subarray(0, payload.length);
  });
}

export interface PackIndex {
  readonly header: PackHeader;
  readonly entries: readonly FooterEntry[];
  /** As of `recordOffsets`. */
  readonly offsets: readonly number[];
}

/**
 * @param head the first bytes of the pack, the header at least; @param sealedFooter its last `footerLength` bytes
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
  if (header.packId !== expected.packId) throw damaged(`it says that it is ${header.packId}`);
  const place = { packId: header.packId, index: count, codec: "footer", sizeBytes: count * footerEntryBytes } as const;
  const footer = openRecord(expected.key, place, sealedFooter);
  if (footer === undefined) throw damaged("its footer does not open");
  const entries = parseFooter(footer, count);
  for (const [index, { sizeBytes, codec }] of entries.entries()) {
    const payloadBytes = (header.storedLengths[index] ?? 0) - tagBytes;
    const fits = codec === "raw" ? payloadBytes === sizeBytes : payloadBytes < sizeBytes;
    if (!fits) throw damaged(`record ${index} has ${payloadBytes} bytes for ${sizeBytes} of a ${codec} block`);
  }
  return { header, entries, offsets: recordOffsets(header.storedLengths) };
}

export interface CheckedPack extends PackIndex {
  /** For each record: whether it opens and has the hash that the footer lists. */
  readonly sound: readonly boolean[];
}

/** Opens the whole pack and checks the hash of every block. @throws HoldfastError damaged where not even its footer opens */
export function checkPack(pack: Uint8Array, expected: { packId: PackId; key: Uint8Array }): CheckedPack {
  if (pack.length > limits.packBytesMax) throw damaged(`it has ${pack.length} bytes`);
  const sealedFooter = pack.subarray(pack.length - parseHeader(pack, pack.length).footerLength);
  const index = openFooter(pack, sealedFooter, pack.length, expected);
  const sound = index.entries.map((entry, record) => {
    const sealed = pack.subarray(index.offsets[record], index.offsets[record + 1]);
    const payload = openRecord(expected.key, { packId: expected.packId, index: record, ...entry }, sealed);
    return payload !== undefined && hasHash(payload, entry);
  });
  return { ...index, sound };
}

const noBytes = new ArrayBuffer(0);

function hasHash(payload: Uint8Array, { codec, sizeBytes, hash }: FooterEntry): boolean {
  try {
    return Buffer.compare(sha256Bytes(decodeFrame(codec, payload, sizeBytes)), hash) === 0;
  } catch (error) {
    // A record that opens and does not decode was sealed wrong: as lost as one that does not open.
    if (error instanceof HoldfastError) return false;
    throw error;
  }
}

function damaged(problem: string): HoldfastError {
  return new HoldfastError("damaged", `The pack cannot be read: ${problem}.`);
}
