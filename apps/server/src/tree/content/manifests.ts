import { HoldfastError } from "@holdfast/core/errors";
import { isId, type SpaceId, type VersionId } from "@holdfast/core/ids";
import { decodeSegment, entryBytes, type ManifestEntry } from "@holdfast/core/manifest";
import { sql } from "kysely";
import { byteaArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow, VersionRow } from "../../base/db/shard-tables.ts";
import type { ReadShard, ReadShards } from "../../base/db/shards.ts";

/** Bytes of a segment's record in a version row: hash, number of entries, bytes of content. */
const segmentRecordBytes = 44;

/**
 * @param version a number or version id; defaults to the head
 * @throws HoldfastError not_found
 */
export async function findVersion(shards: ReadShards, file: NodeRow, version?: string): Promise<VersionRow> {
  const missing = () => new HoldfastError("not_found", "The file has no such version.", { field: "version" });
  if (file.kind !== "file")
    throw new HoldfastError("invalid_field", "Only files have content and versions.", { field: "id" });
  const which = version ?? file.head_version;
  if (which === null) throw missing();
  const byNumber = /^\d{1,15}$/.test(which);
  if (!byNumber && !isId(which)) throw missing();
  // Index: the primary key, or versions_node.
  const { rows } = await sql<VersionRow>`
    select * from shard.versions where space_id = ${file.space_id} and node_id = ${file.id}
      and ${byNumber ? sql`number = ${Number(which)}` : sql`id = ${which}`}`.execute(shards.ofId(file.space_id).db);
  const row = rows[0];
  if (row === undefined) throw missing();
  return row;
}

export type VersionHead = Pick<VersionRow, "id" | "node_id" | "number" | "size" | "content_id"> & {
  /** Bytes of the list in the row, or of the list of segments. */
  readonly list_bytes: number;
};

/** Returns the existing versions in the order of the ids, each once. */
export async function findVersionHeads(
  shard: ReadShard,
  spaceId: SpaceId,
  ids: readonly VersionId[],
): Promise<VersionHead[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<VersionHead>`
    select v.* from unnest(${uuidArray([...new Set(ids)])}) with ordinality as asked (id, place) cross join lateral (
      select id, node_id, number, size, content_id, coalesce(octet_length(manifest), octet_length(segments)) as list_bytes
      from shard.versions where space_id = ${spaceId} and id = asked.id offset 0) v
    order by asked.place`.execute(shard.db);
  return rows;
}

/** Returns the versions' lists as stored in their rows, with the files' sizes. */
export async function readLists(
  shard: ReadShard,
  spaceId: SpaceId,
  ids: readonly VersionId[],
): Promise<Map<VersionId, SizedList>> {
  const { rows } = await sql<SizedList & { id: VersionId }>`
    select v.* from unnest(${uuidArray(ids)}) as asked (id) cross join lateral (
      select id, space_id, size, manifest, segments from shard.versions
      where space_id = ${spaceId} and id = asked.id offset 0) v`.execute(shard.db);
  return new Map(rows.map((row) => [row.id, row]));
}

export async function knownVersions(
  shard: ReadShard,
  spaceId: SpaceId,
  ids: readonly VersionId[],
): Promise<Set<VersionId>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: VersionId }>`
    select v.id from unnest(${uuidArray(ids)}) as asked (id) cross join lateral (
      select id from shard.versions where space_id = ${spaceId} and id = asked.id offset 0) v`.execute(shard.db);
  return new Set(rows.map(({ id }) => id));
}

export type VersionList = Pick<VersionRow, "space_id" | "manifest" | "segments">;
export type SizedList = VersionList & Pick<VersionRow, "size">;

/** Consecutive entries of a list, encoded; one piece for each segment. */
export interface ListPart {
  readonly pieces: readonly Uint8Array[];
  /** Offset of the first entry's block in the file, and bytes of the file that the entries cover. */
  readonly startByte: number;
  readonly sizeBytes: number;
}

/** Number of segments in memory: 4,096 entries each on average, and 16,384 at most. */
const segmentsAtOnce = 16;

/**
 * Yields a version's list of blocks in parts of limited size, because a file of 5 TiB has 20 million.
 * @param range yields only parts that overlap these bytes of the file
 * @throws HoldfastError damaged
 */
export async function* readList(
  shard: ReadShard,
  version: VersionList,
  range: { readonly start: number; readonly end: number } = { start: 0, end: Infinity },
): AsyncGenerator<ListPart, void, undefined> {
  if (version.manifest !== null) {
    if (version.manifest.length > 0) yield { pieces: [version.manifest], startByte: 0, sizeBytes: Infinity };
    return;
  }
  const touched = segmentsOf(version.segments).filter(
    ({ startByte, sizeBytes }) => startByte < range.end && startByte + sizeBytes > range.start,
  );
  for (let at = 0; at < touched.length; at += segmentsAtOnce) {
    const some = touched.slice(at, at + segmentsAtOnce);
    const pieces = await readSegments(
      shard,
      version.space_id,
      some.map(({ hash }) => hash),
    );
    const sizeBytes = some.reduce((sum, segment) => sum + segment.sizeBytes, 0);
    yield { pieces, startByte: some[0]?.startByte ?? 0, sizeBytes };
  }
}

export function entriesOf({ pieces }: Pick<ListPart, "pieces">): ManifestEntry[] {
  return pieces.flatMap((piece) => decodeSegment(piece));
}

/** Reads a whole list into memory. Only for callers whose result is as long. */
export async function readManifest(shard: ReadShard, version: VersionList): Promise<ManifestEntry[]> {
  const parts: ManifestEntry[][] = [];
  for await (const part of readList(shard, version)) parts.push(entriesOf(part));
  return parts.flat();
}

/** Returns the encoded entries of the segments in this order. A segment may repeat. @throws HoldfastError damaged */
export async function readSegments(
  shard: ReadShard,
  spaceId: SpaceId,
  hashes: readonly Buffer[],
): Promise<readonly Uint8Array[]> {
  if (hashes.length === 0) return [];
  const { rows } = await sql<{ hash: Buffer; entries: Buffer }>`
    select hash, entries from shard.segments where space_id = ${spaceId} and hash = any(${byteaArray(hashes)})`.execute(
    shard.db,
  );
  const found = new Map(rows.map((row) => [row.hash.toString("hex"), row.entries]));
  return hashes.map((hash) => {
    const entries = found.get(hash.toString("hex"));
    if (entries !== undefined) return entries;
    throw new HoldfastError("damaged", "Part of the file's block list is missing from the database.");
  });
}

export function entryCount({ manifest, segments }: VersionList): number {
  if (manifest !== null) return manifest.length / entryBytes;
  return segmentsOf(segments).reduce((sum, { count }) => sum + count, 0);
}

export interface ListSegment {
  readonly hash: Buffer;
  readonly count: number;
  readonly startByte: number;
  readonly sizeBytes: number;
}

export function segmentsOf(segments: Buffer | null): ListSegment[] {
  if (segments === null) return [];
  let startByte = 0;
  return Array.from({ length: segments.length / segmentRecordBytes }, (_, index) => {
    const at = index * segmentRecordBytes;
    const sizeBytes = Number(segments.readBigUInt64BE(at + 36));
    const segment = {
      hash: segments.subarray(at, at + 32),
      count: segments.readUInt32BE(at + 32),
      startByte,
      sizeBytes,
    };
    startByte += sizeBytes;
    return segment;
  });
}
