import { HoldfastError } from "./errors.ts";
import { toHashHex, writeHash } from "./hash-hex.ts";
import { sha256 } from "./hash.ts";
import type { HashHex } from "./ids.ts";
import { limits } from "./limits.ts";

/** A block of a file: the SHA-256 and the number of its plain bytes (1 to 4 MiB). */
export interface ManifestEntry {
  readonly hash: HashHex;
  readonly size: number;
}

/** A sequence of entries, stored once by its hash. */
export interface Segment {
  /** SHA-256 of the encoded entries. */
  readonly hash: HashHex;
  /** Index of its first entry in the manifest. */
  readonly start: number;
  readonly count: number;
  /** Bytes of the file in its blocks. */
  readonly sizeBytes: number;
}

/** Bytes of an encoded entry: 32 of the hash, 4 of the size, big-endian. */
export const entryBytes = 36;

/**
 * Splits a manifest at positions determined by its hashes, so that an edit does not move later cuts. A segment ends
 * after an entry whose hash starts with a number below 2^32 / 192. It has at least 64 and at most 1024 entries. The
 * average is 64 + 192 = 256.
 */
export function segmentsOf(entries: readonly ManifestEntry[]): Segment[] {
  const segments: Segment[] = [];
  for (let start = 0; start < entries.length;) {
    const count = segmentEnd(entries, start) - start;
    const slice = entries.slice(start, start + count);
    const sizeBytes = slice.reduce((sum, entry) => sum + entry.size, 0);
    segments.push({ hash: sha256(encodeEntries(slice)), start, count, sizeBytes });
    start += count;
  }
  return segments;
}

export function encodeEntries(entries: readonly ManifestEntry[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(entries.length * entryBytes);
  writeEntries(bytes, 0, entries);
  return bytes;
}

/** @param target receives `entryBytes` per entry from `offset` on */
export function writeEntries(target: Uint8Array, offset: number, entries: readonly ManifestEntry[]): void {
  const view = new DataView(target.buffer, target.byteOffset);
  let at = offset;
  for (const { hash, size } of entries) {
    writeHash(target, at, hash);
    view.setUint32(at + 32, size);
    at += entryBytes;
  }
}

/**
 * Decodes a segment. Segments come only from the own database, so an invalid one is damaged.
 * @throws HoldfastError damaged
 */
export function decodeSegment(bytes: Uint8Array): ManifestEntry[] {
  const count = bytes.length / entryBytes;
  if (!Number.isInteger(count) || count < 1 || count > limits.segmentEntriesMax) {
    throw new HoldfastError("damaged", `A segment of ${bytes.length} bytes is not a list of entries.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, index) => {
    const size = view.getUint32(index * entryBytes + 32);
    if (size < 1 || size > limits.blockBytesMax) {
      throw new HoldfastError("damaged", `Entry ${index} of a segment has ${size} bytes, which no block has.`);
    }
    return { hash: toHashHex(bytes.subarray(index * entryBytes, index * entryBytes + 32)), size };
  });
}

/** One in `average - minimum` hashes starts with less than this. */
const cutBelow = Math.floor(2 ** 32 / (limits.segmentEntriesAverage - limits.segmentEntriesMin));

function segmentEnd(entries: readonly ManifestEntry[], start: number): number {
  const last = Math.min(start + limits.segmentEntriesMax, entries.length);
  for (let end = start + limits.segmentEntriesMin; end < last; end += 1) {
    const entry = entries[end - 1];
    if (entry !== undefined && Number.parseInt(entry.hash.slice(0, 8), 16) < cutBelow) return end;
  }
  return last;
}
