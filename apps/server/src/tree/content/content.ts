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
import type { VersionRow } from "../../base/db/shard-tables.ts";

export interface VersionContent {
  readonly sizeBytes: number;
  readonly contentId: Buffer;
  /** Up to 512 entries; otherwise null, and `segments` is set. */
  readonly manifest: Buffer | null;
  readonly segments: Buffer | null;
  /** Sizes of blocks to which the version itself refers. */
  readonly blocks: ReadonlyMap<HashHex, number>;
  readonly segmentHashes: readonly HashHex[];
}

export interface NewContent extends VersionContent {
  /** Segments with entries, to stage before the commit. Empty for a short list. */
  readonly newSegments: readonly { readonly hash: HashHex; readonly entries: readonly ManifestEntry[] }[];
}

/** Hash (32), number of entries (4) and bytes of content (8), big-endian. */
const segmentRecordBytes = 44;

/** Checks and encodes a client's manifest, before any lock. @throws HoldfastError invalid_field, content_mismatch */
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

/** May be empty, unlike a segment. */
export function decodeEntries(manifest: Buffer): ManifestEntry[] {
  return manifest.length === 0 ? [] : decodeSegment(manifest);
}

/** Returns the hashes in the order of the file. A hash may repeat. */
export function segmentHashesOf(segments: Buffer): HashHex[] {
  return Array.from({ length: segments.length / segmentRecordBytes }, (_, index) => {
    const start = index * segmentRecordBytes;
    return segments.toString("hex", start, start + 32) as HashHex;
  });
}

/** @throws HoldfastError invalid_field if a hash has two sizes */
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
