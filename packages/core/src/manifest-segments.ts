import { HoldfastError } from "./errors.ts";
import { toHashHex, writeHash } from "./hash-hex.ts";
import { sha256 } from "./hash.ts";
import type { HashHex } from "./ids.ts";
import { limits } from "./limits.ts";

/** One block of a file: the SHA-256 of its plain bytes, and how many there are (1 to 4 MiB). */
export interface ManifestEntry {
  readonly hash: HashHex;
  readonly size: number;
}

/** A run of entries, stored once by its hash. */
export interface Segment {
  /** SHA-256 of the encoded entries. */
  readonly hash: HashHex;
  /** Index of its first entry in the manifest. */
  readonly start: number;
  /** How many entries it has. */
  readonly count: number;
  /** Bytes of the file that its entries stand for. */
  readonly sizeBytes: number;
}

/** Bytes of an encoded entry: 32 of the hash, 4 of the size, big-endian. */
export const entryBytes = 36;

/**
 * Cuts a manifest at places that its own hashes name, so that an edit in the middle moves no later cut: a segment ends
 * after an entry whose hash begins with a number below 2^32 / 192, but not before 64 entries and at 1024 at the latest.
 * So it has 64 + 192 = 256 on average.
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

/** @param target takes `entryBytes` for each from `offset` on */
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
 * Segments come from the own database only, so one that does not decode is damaged, not badly asked for.
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

/** One in `average - minimum` hashes begins with less than this. */
const cutBelow = Math.floor(2 ** 32 / (limits.segmentEntriesAverage - limits.segmentEntriesMin));

function segmentEnd(entries: readonly ManifestEntry[], start: number): number {
  const last = Math.min(start + limits.segmentEntriesMax, entries.length);
  for (let end = start + limits.segmentEntriesMin; end < last; end += 1) {
    const entry = entries[end - 1];
    if (entry !== undefined && Number.parseInt(entry.hash.slice(0, 8), 16) < cutBelow) return end;
  }
  return last;
}
