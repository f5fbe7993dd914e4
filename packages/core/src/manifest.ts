import { HoldfastError } from "./errors.ts";
import { writeHash } from "./hash-hex.ts";
import { sha256 } from "./hash.ts";
import type { HashHex } from "./ids.ts";
import { limits } from "./limits.ts";
import { entryBytes, segmentsOf, writeEntries } from "./manifest-segments.ts";
import type { ManifestEntry, Segment } from "./manifest-segments.ts";

export { decodeSegment, encodeEntries, entryBytes, segmentsOf } from "./manifest-segments.ts";
export type { ManifestEntry, Segment } from "./manifest-segments.ts";
export { applySplices, diffSplices } from "./manifest-splices.ts";
export type { Splice } from "./manifest-splices.ts";

/**
 * Returns the id of a file's content. Equal ids prove equal content. Unequal ids prove nothing, because another chunker
 * version may have cut the content. The encoding is in docs/format.md, "Manifests".
 * @param entries valid for `validateManifest`
 */
export function contentIdOf(entries: readonly ManifestEntry[]): HashHex {
  if (entries.length > limits.manifestEntriesInline) return contentIdOfSegments(segmentsOf(entries));
  return encodeShortList(entries).contentId;
}

/**
 * Encodes a list of at most 512 entries. Also returns its content id, which is a hash over a header and this encoding.
 */
export function encodeShortList(entries: readonly ManifestEntry[]): {
  readonly contentId: HashHex;
  readonly encoded: Uint8Array<ArrayBuffer>;
} {
  const bytes = new Uint8Array(headBytes + entries.length * entryBytes);
  writeHead(bytes, sizeOf(entries), "entries");
  writeEntries(bytes, headBytes, entries);
  return { contentId: sha256(bytes), encoded: bytes.subarray(headBytes) };
}

/** Returns the same id as `contentIdOf` for the entries of these segments, which must be more than 512. */
export function contentIdOfSegments(segments: readonly Omit<Segment, "start">[]): HashHex {
  const sizeBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  const bytes = new Uint8Array(headBytes + segments.length * recordBytes);
  writeHead(bytes, sizeBytes, "segments");
  const view = new DataView(bytes.buffer);
  let at = headBytes;
  for (const segment of segments) {
    writeHash(bytes, at, segment.hash);
    view.setUint32(at + 32, segment.count);
    view.setBigUint64(at + 36, BigInt(segment.sizeBytes));
    at += recordBytes;
  }
  return sha256(bytes);
}

/**
 * Rejects an impossible list, or one with a wrong total size.
 * @param sizeBytes declared size of the whole file
 * @throws HoldfastError invalid_field, with the entry
 */
export function validateManifest(entries: readonly ManifestEntry[], sizeBytes: number, field = "blocks"): void {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > limits.fileBytesMax) {
    throw new HoldfastError("invalid_field", `A file has 0 to ${limits.fileBytesMax} bytes.`, { field: "size" });
  }
  if (entries.length > limits.manifestEntriesMax) {
    throw new HoldfastError("invalid_field", `A file has at most ${limits.manifestEntriesMax} blocks.`, { field });
  }
  for (const [index, { size }] of entries.entries()) {
    if (Number.isInteger(size) && size >= 1 && size <= limits.blockBytesMax) continue;
    throw new HoldfastError("invalid_field", `A block has 1 to ${limits.blockBytesMax} bytes, not ${size}.`, {
      field: `${field}[${index}].size`,
    });
  }
  const sum = sizeOf(entries);
  if (sum === sizeBytes) return;
  throw new HoldfastError("invalid_field", `The blocks add up to ${sum} bytes, but the file has ${sizeBytes}.`, {
    field,
  });
}

/** Returns the size of the file in bytes. */
export function sizeOf(entries: readonly ManifestEntry[]): number {
  let sum = 0;
  for (const { size } of entries) sum += size;
  return sum;
}

const label = new TextEncoder().encode("hf-manifest-1");

const headBytes = label.length + 9;
/** Bytes of a segment's record: hash, count and size. */
const recordBytes = 44;

/** The form byte distinguishes both forms, so that a list of segments is never read as a list of entries. */
function writeHead(target: Uint8Array, sizeBytes: number, form: "entries" | "segments"): void {
  target.set(label);
  target[label.length] = form === "entries" ? 0 : 1;
  const view = new DataView(target.buffer, target.byteOffset);
  view.setUint32(label.length + 1, Math.floor(sizeBytes / 2 ** 32));
  view.setUint32(label.length + 5, sizeBytes % 2 ** 32);
}
