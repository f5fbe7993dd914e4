import { HoldfastError } from "@holdfast/core/errors";
import { fromHashHex } from "@holdfast/core/hash-hex";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import {
  contentIdOfSegments,
  decodeSegment,
  encodeShortList,
  entryBytes,
  type ManifestEntry,
  type Segment,
  segmentsOf,
  validateManifest,
} from "@holdfast/core/manifest";
import type { VersionRow } from "../../db/shard-tables.ts";

/** What a version row holds, and what it keeps from being collected. */
export interface VersionContent {
  readonly sizeBytes: number;
  readonly contentId: Buffer;
  /** Up to 512 entries; else null, and `segments` is there. */
  readonly manifest: Buffer | null;
  readonly segments: Buffer | null;
  /** Distinct blocks with their sizes that the version itself refers to: those of `manifest`. */
  readonly blocks: ReadonlyMap<HashHex, number>;
  /** Distinct segments that the version refers to; their blocks are theirs. */
  readonly segmentHashes: readonly HashHex[];
}

export interface NewContent extends VersionContent {
  /** With their entries, to be staged before the commit; empty for a short list. */
  readonly newSegments: readonly { readonly hash: HashHex; readonly entries: readonly ManifestEntry[] }[];
}

/** Bytes of one segment in a version's list: its hash, its count of entries (4) and its bytes (8), big-endian. */
const segmentRecordBytes = 44;

/**
 * Checks and encodes what a client declares. Pure work, done before any lock is held.
 * @throws HoldfastError invalid_field, content_mismatch
 */
export function encodeContent(
  entries: readonly ManifestEntry[],
  sizeBytes: number,
  declaredId: HashHex | undefined,
): NewContent {
  validateManifest(entries, sizeBytes);
  const content =
    entries.length <= limits.manifestEntriesInline ? encodeShort(entries, sizeBytes) : encodeLong(entries, sizeBytes);
  if (declaredId === undefined) return content;
  const contentId = content.contentId.toString("hex");
  if (declaredId === contentId) return content;
  throw new HoldfastError("content_mismatch", `The content ID of these blocks is ${contentId}, not ${declaredId}.`, {
    field: "content_id",
  });
}

/** What a stored version holds and refers to. */
export function contentOf(version: VersionRow): VersionContent {
  return {
    sizeBytes: version.size,
    contentId: version.content_id,
    manifest: version.manifest,
    segments: version.segments,
    blocks: distinctBlocks(version.manifest === null ? [] : decodeEntries(version.manifest)),
    segmentHashes: version.segments === null ? [] : [...new Set(segmentHashesOf(version.segments))],
  };
}

/** The entries of a version's `manifest`; unlike a segment it may have none. */
export function decodeEntries(manifest: Buffer): ManifestEntry[] {
  return manifest.length === 0 ? [] : decodeSegment(manifest);
}

/** In the order of the file; one may repeat. */
export function segmentHashesOf(segments: Buffer): HashHex[] {
  return Array.from({ length: segments.length / segmentRecordBytes }, (_, index) => {
    const start = index * segmentRecordBytes;
    return segments.toString("hex", start, start + 32) as HashHex;
  });
}

/** @throws HoldfastError invalid_field when one hash is declared with two sizes */
export function distinctBlocks(entries: readonly ManifestEntry[]): Map<HashHex, number> {
  const blocks = new Map<HashHex, number>();
  for (const { hash, size } of entries) {
    const known = blocks.get(hash);
    if (known !== undefined && known !== size) {
      const message = `Block ${hash} cannot have both ${known} and ${size} bytes.`;
      throw new HoldfastError("invalid_field", message, { field: "blocks" });
    }
    blocks.set(hash, size);
  }
  return blocks;
}

function encodeShort(entries: readonly ManifestEntry[], sizeBytes: number): NewContent {
  const { contentId, encoded } = encodeShortList(entries);
  return {
    sizeBytes,
    contentId: Buffer.from(contentId, "hex"),
    manifest: toBuffer(encoded),
    segments: null,
    blocks: distinctBlocks(entries),
    segmentHashes: [],
    newSegments: [],
  };
}

function encodeLong(entries: readonly ManifestEntry[], sizeBytes: number): NewContent {
  const segments = segmentsOf(entries);
  const newSegments = new Map(
    segments.map(({ hash, start, count }) => [hash, { hash, entries: entries.slice(start, start + count) }]),
  );
  return {
    sizeBytes,
    contentId: Buffer.from(fromHashHex(contentIdOfSegments(segments))),
    manifest: null,
    segments: encodeSegmentList(segments),
    blocks: new Map(),
    segmentHashes: [...newSegments.keys()],
    newSegments: [...newSegments.values()],
  };
}

function encodeSegmentList(segments: readonly Segment[]): Buffer {
  const bytes = Buffer.alloc(segments.length * segmentRecordBytes);
  for (const [index, { hash, count, sizeBytes }] of segments.entries()) {
    const start = index * segmentRecordBytes;
    bytes.write(hash, start, "hex");
    bytes.writeUInt32BE(count, start + 32);
    bytes.writeBigUInt64BE(BigInt(sizeBytes), start + 36);
  }
  return bytes;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export { entryBytes, segmentRecordBytes };
