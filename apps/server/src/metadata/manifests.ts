import { HoldfastError } from "@holdfast/core/errors";
import { type HashHex, isId, type SpaceId, type VersionId } from "@holdfast/core/ids";
import { decodeSegment, type ManifestEntry } from "@holdfast/core/manifest";
import { sql } from "kysely";
import { byteaArray, uuidArray } from "../db/array-parameters.ts";
import type { NodeRow, VersionRow } from "../db/shard-tables.ts";
import type { Shard, Shards } from "../db/shards.ts";

/** Bytes of a segment's record in a version row: hash, count, bytes. */
const segmentRecordBytes = 44;

/**
 * A version of this file: by number, by version id, or without either the head.
 * @throws HoldfastError not_found
 */
export async function findVersion(shards: Shards, file: NodeRow, version?: string): Promise<VersionRow> {
  const missing = () => new HoldfastError("not_found", "The file has no such version.", { field: "version" });
  if (file.kind !== "file")
    throw new HoldfastError("invalid_field", "Only files have content and versions.", { field: "id" });
  const which = version ?? file.head_version;
  if (which === null) throw missing();
  const byNumber = /^\d{1,15}$/.test(which);
  if (!byNumber && !isId(which)) throw missing();
  // Served by the primary key or by versions_node.
  const { rows } = await sql<VersionRow>`
    select * from shard.versions where space_id = ${file.space_id} and node_id = ${file.id}
      and ${byNumber ? sql`number = ${Number(which)}` : sql`id = ${which}`}`.execute(shards.ofId(file.space_id).db);
  const row = rows[0];
  if (row === undefined) throw missing();
  return row;
}

/** Of many versions at once, those whose file the space still has and that do not await removal. */
export async function findVersions(shard: Shard, spaceId: SpaceId, ids: readonly VersionId[]): Promise<VersionRow[]> {
  const { rows } = await sql<VersionRow>`
    select v.* from unnest(${uuidArray(ids)}) as asked (id) cross join lateral (
      select * from shard.versions where space_id = ${spaceId} and id = asked.id offset 0) v`.execute(shard.db);
  return rows;
}

/** Those of the versions that the space has. */
export async function knownVersions(
  shard: Shard,
  spaceId: SpaceId,
  ids: readonly VersionId[],
): Promise<Set<VersionId>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: VersionId }>`
    select v.id from unnest(${uuidArray(ids)}) as asked (id) cross join lateral (
      select id from shard.versions where space_id = ${spaceId} and id = asked.id offset 0) v`.execute(shard.db);
  return new Set(rows.map(({ id }) => id));
}

/** The blocks of versions of one space, in the order of the versions. */
export async function readManifests(
  shard: Shard,
  spaceId: SpaceId,
  versions: readonly Pick<VersionRow, "manifest" | "segments">[],
): Promise<ManifestEntry[][]> {
  const hashes = new Map<string, Buffer>();
  for (const { segments } of versions) {
    for (const hash of segmentHashes(segments)) hashes.set(hash.toString("hex"), hash);
  }
  const segments = await readSegments(shard, spaceId, [...hashes.values()]);
  return versions.map((version) => {
    if (version.manifest !== null) return version.manifest.length === 0 ? [] : decodeSegment(version.manifest);
    return segmentHashes(version.segments).flatMap((hash) => {
      const entries = segments.get(hash.toString("hex") as HashHex);
      if (entries === undefined)
        throw new HoldfastError("damaged", "Part of the file's list of blocks is missing in the database.");
      return entries;
    });
  });
}

async function readSegments(
  shard: Shard,
  spaceId: SpaceId,
  hashes: readonly Buffer[],
): Promise<Map<HashHex, ManifestEntry[]>> {
  if (hashes.length === 0) return new Map();
  const { rows } = await sql<{ hash: Buffer; entries: Buffer }>`
    select hash, entries from shard.segments where space_id = ${spaceId} and hash = any(${byteaArray(hashes)})`.execute(
    shard.db,
  );
  return new Map(rows.map((row) => [row.hash.toString("hex") as HashHex, decodeSegment(row.entries)]));
}

function segmentHashes(segments: Buffer | null): Buffer[] {
  if (segments === null) return [];
  return Array.from({ length: segments.length / segmentRecordBytes }, (_, index) =>
    segments.subarray(index * segmentRecordBytes, index * segmentRecordBytes + 32),
  );
}
