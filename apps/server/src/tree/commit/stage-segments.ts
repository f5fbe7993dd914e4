import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { encodeEntries, type ManifestEntry } from "@holdfast/core/manifest";
import { type Kysely, sql } from "kysely";
import { byteaArray, hashArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardQueries, ShardTables } from "../../base/db/shard-tables.ts";
import { distinctBlocks } from "../content/content.ts";
import { lockBlocks, lockSegments, lockSpace } from "./load.ts";
import { changeMetadataBytes, rowWeight } from "../weight/metadata-bytes.ts";
import type { PieceSizes } from "./piece-sizes.ts";
import { changeBlockRefs } from "../content/references.ts";
import { countBlocks } from "../weight/stored-bytes.ts";

export interface Staging {
  readonly db: Kysely<ShardTables>;
  readonly spaceId: SpaceId;
  readonly nowMicros: number;
  readonly pieces: PieceSizes;
}

export interface NewSegment {
  readonly hash: HashHex;
  readonly entries: readonly ManifestEntry[];
}

/**
 * Runs before the commit, which would otherwise change a row for each block under one lock. Unused segments are removed
 * after a day (`retention.ts`).
 * @returns blocks that the space does not hold; their segments are not stored
 * @throws HoldfastError quota
 */
export async function stageSegments(staging: Staging, segments: readonly NewSegment[]): Promise<HashHex[]> {
  const missing = new Set<HashHex>();
  const { segmentsMax } = staging.pieces;
  for (let start = 0; start < segments.length; start += segmentsMax) {
    const piece = segments.slice(start, start + segmentsMax);
    const lacking = await inTransaction(staging.db, async (transaction) => stagePiece(transaction, staging, piece));
    for (const hash of lacking) missing.add(hash);
  }
  return [...missing];
}

async function stagePiece(
  transaction: ShardQueries,
  { spaceId, nowMicros }: Staging,
  segments: readonly NewSegment[],
): Promise<HashHex[]> {
  await lockSpace(transaction, spaceId);
  const known = await lockSegments(
    transaction,
    spaceId,
    segments.map((segment) => segment.hash),
  );
  await touchSegments(transaction, spaceId, [...known], nowMicros);
  const unknown = segments.filter((segment) => !known.has(segment.hash));
  const blocks = unknown.map((segment) => distinctBlocks(segment.entries));
  const held = await lockBlocks(transaction, spaceId, [...new Set(blocks.flatMap((distinct) => [...distinct.keys()]))]);
  const missing = new Set<HashHex>();
  const refs = new Map<HashHex, number>();
  const complete: NewSegment[] = [];
  for (const [index, segment] of unknown.entries()) {
    const distinct = [...(blocks[index] ?? [])];
    const lacking = distinct.filter(([hash, size]) => held.sizes.get(hash) !== size);
    for (const [hash] of lacking) missing.add(hash);
    if (lacking.length > 0) continue;
    complete.push(segment);
    for (const [hash] of distinct) refs.set(hash, (refs.get(hash) ?? 0) + 1);
  }
  await countBlocks(
    transaction,
    spaceId,
    [...refs.keys()].filter((hash) => held.uncounted.has(hash)),
  );
  await insertSegments(transaction, spaceId, complete, nowMicros);
  await changeBlockRefs(transaction, spaceId, refs, nowMicros);
  return [...missing];
}

async function insertSegments(
  transaction: ShardQueries,
  spaceId: SpaceId,
  segments: readonly NewSegment[],
  nowMicros: number,
): Promise<void> {
  if (segments.length === 0) return;
  const hashes = hashArray(segments.map((segment) => segment.hash));
  const entries = segments.map((segment) => encodeEntries(segment.entries));
  await sql`
    insert into shard.segments (space_id, hash, entries, refs, since)
    select ${spaceId}::uuid, v.hash, v.entries, 0, ${nowMicros}::int8
    from unnest(${hashes}, ${byteaArray(entries)}) as v (hash, entries)`.execute(transaction);
  const weightBytes = entries.reduce((sum, { length }) => sum + rowWeight(length), 0);
  await changeMetadataBytes(transaction, spaceId, weightBytes);
}

async function touchSegments(
  transaction: ShardQueries,
  spaceId: SpaceId,
  hashes: readonly HashHex[],
  nowMicros: number,
): Promise<void> {
  if (hashes.length === 0) return;
  await sql`
    update shard.segments set since = greatest(since, ${nowMicros}::int8)
    where space_id = ${spaceId} and hash = any(${hashArray(hashes)})`.execute(transaction);
}
