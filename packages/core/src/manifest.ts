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
 * The id of a file's content: equal ids prove equal content; unequal ids prove nothing, since another chunker version
 * may have cut. The encoding stands in docs/format.md under "Manifests".
 * @param entries as `validateManifest` accepts them
 */
export function contentIdOf(entries: readonly ManifestEntry[]): HashHex {
  if (entries.length > limits.manifestEntriesInline) return contentIdOfSegments(segmentsOf(entries));
  return encodeShortList(entries).contentId;
}

/** The entries of a list of at most 512 of them, as `encodeEntries` encodes them, with its content id: one is part of the other. */
export function encodeShortList(entries: readonly ManifestEntry[]): {
  readonly contentId: HashHex;
  readonly encoded: Uint8Array<ArrayBuffer>;
} {
  const bytes = new Uint8Array(headBytes + entries.length * entryBytes);
  writeHead(bytes, sizeOf(entries), "entries");
  writeEntries(bytes, headBytes, entries);
  return { contentId: sha256(bytes), encoded: bytes.subarray(headBytes) };
}

/** The same id as `contentIdOf` of all the entries of these segments, for a list of more than 512 entries. */
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
 * Refuses a list that no file can have, or whose bytes do not add up.
 * @param sizeBytes of the whole file, as the caller declared it
 * @throws HoldfastError invalid_field that names the entry
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
  throw new HoldfastError("invalid_field", `The blocks have ${sum} bytes together, but the file ${sizeBytes}.`, {
    field,
  });
}

/** Bytes of the file. */
export function sizeOf(entries: readonly ManifestEntry[]): number {
  let sum = 0;
  for (const { size } of entries) sum += size;
  return sum;
}

const label = new TextEncoder().encode("hf-manifest-1");

const headBytes = label.length + 9;
/** Of a segment: its hash, its count, its bytes. */
const recordBytes = 44;

/** The form byte keeps the two forms apart, so that no list of segments can be read as a list of entries. */
function writeHead(target: Uint8Array, sizeBytes: number, form: "entries" | "segments"): void {
  target.set(label);
  target[label.length] = form === "entries" ? 0 : 1;
  const view = new DataView(target.buffer, target.byteOffset);
  view.setUint32(label.length + 1, Math.floor(sizeBytes / 2 ** 32));
  view.setUint32(label.length + 5, sizeBytes % 2 ** 32);
}
