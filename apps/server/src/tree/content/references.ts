import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { hashArray } from "../../base/db/array-parameters.ts";
import { entryBytes, segmentRecordBytes } from "./content.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { changeStoredBytes } from "../weight/stored-bytes.ts";

/**
 * Changes the reference counts that protect blocks from collection. A version counts once for every distinct block of a
 * short list, or every distinct segment of a long one. A segment counts once for every distinct block, and a row of
 * `upload_blocks` once. All counts change under the space lock. A caller that adds a reference must first call
 * `countBlocks`. At 0 the grace period begins (`since`), and the block no longer counts as stored.
 * A counter that was too low stops at 0. Collection verifies all references itself (`retention/named-after-all.ts`) and
 * corrects the counter.
 * @returns bytes that no longer count as stored
 */
export async function changeBlockRefs(...[transaction, spaceId, deltas, nowMicros]: RefChange): Promise<number> {
  let freedBytes = 0;
  for (const [delta, hashes] of hashesByDelta(deltas)) {
    const chosen = sql`space_id = ${spaceId} and hash = any(${hashArray(hashes)})`;
    const update = sql`
      update shard.space_blocks set refs = greatest(refs + ${delta}::int8, 0), since = greatest(since, ${nowMicros}::int8),
        counted = counted and refs + ${delta}::int8 > 0
      where ${chosen}`;
    if (delta >= 0) {
      await update.execute(transaction);
      continue;
    }
    const { rows } = await sql<{ bytes: number }>`
      with freed as materialized (
        select coalesce(sum(size), 0) as bytes from shard.space_blocks
        where ${chosen} and counted and refs + ${delta}::int8 <= 0
      ), changed as (${update})
      select bytes from freed`.execute(transaction);
    freedBytes += rows[0]?.bytes ?? 0;
  }
  await changeStoredBytes(transaction, spaceId, -freedBytes);
  return freedBytes;
}

export async function changeSegmentRefs(...[transaction, spaceId, deltas, nowMicros]: RefChange): Promise<void> {
  for (const [delta, hashes] of hashesByDelta(deltas)) {
    await sql`
      update shard.segments set refs = greatest(refs + ${delta}::int8, 0), since = greatest(since, ${nowMicros}::int8)
      where space_id = ${spaceId} and hash = any(${hashArray(hashes)})`.execute(transaction);
  }
}

type RefChange = [transaction: ShardQueries, spaceId: SpaceId, deltas: ReadonlyMap<HashHex, number>, nowMicros: number];

export interface ReferringVersion {
  readonly manifest: Buffer | null;
  readonly segments: Buffer | null;
  readonly label: string | null;
}

/** Releases the references of versions that this transaction deletes. @returns bytes that no longer count as stored */
export async function releaseVersions(
  transaction: ShardQueries,
  spaceId: SpaceId,
  versions: readonly ReferringVersion[],
  nowMicros: number,
): Promise<number> {
  const blocks = releaseCounts(versions.map((version) => hashesIn(version.manifest, entryBytes)));
  const segments = releaseCounts(versions.map((version) => hashesIn(version.segments, segmentRecordBytes)));
  const freedBytes = await changeBlockRefs(transaction, spaceId, blocks, nowMicros);
  await changeSegmentRefs(transaction, spaceId, segments, nowMicros);
  return freedBytes;
}

/** Returns the distinct hashes, each at the start of a record of `recordBytes`. */
export function hashesIn(records: Buffer | null, recordBytes: number): Set<HashHex> {
  const hashes = new Set<HashHex>();
  const bytes = records ?? Buffer.alloc(0);
  for (let at = 0; at < bytes.length; at += recordBytes) hashes.add(bytes.toString("hex", at, at + 32) as HashHex);
  return hashes;
}

export function countOf(hashes: readonly HashHex[]): Map<HashHex, number> {
  const counts = new Map<HashHex, number>();
  for (const hash of hashes) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return counts;
}

/** @param holders distinct hashes of each holder */
export function releaseCounts(holders: readonly Iterable<HashHex>[]): Map<HashHex, number> {
  const counts = new Map<HashHex, number>();
  for (const hashes of holders) for (const hash of hashes) counts.set(hash, (counts.get(hash) ?? 0) - 1);
  return counts;
}

/**
 * Groups hashes by delta, usually into one group, because a commit counts each block once. A join with pairs of hash
 * and delta could compare every row of the space with every pair if statistics are older than the space. The space is
 * locked, so the order of groups cannot cause a deadlock.
 */
function hashesByDelta(deltas: ReadonlyMap<HashHex, number>): [number, HashHex[]][] {
  const sorted = [...deltas].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const groups = Map.groupBy(sorted, ([, delta]) => delta);
  return [...groups].map(([delta, members]) => [delta, members.map(([hash]) => hash)]);
}
