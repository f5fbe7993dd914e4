import type { Clock } from "@holdfast/core/clock";
import type { HashHex, NodeId, SpaceId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { int8Array, uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { lockSpace } from "../commit/load.ts";
import { type PieceSizes, pieceSizes } from "../commit/piece-sizes.ts";
import { segmentHashesOf } from "../content/content.ts";
import { findRevisions } from "../read/own-nodes.ts";
import { dropSegments } from "./expire-segments.ts";
import { removeVersions } from "./remove-versions.ts";

export interface PruneRequest {
  readonly db: Kysely<ShardTables>;
  readonly clock: Clock;
  readonly spaceId: SpaceId;
  /** Number of newest versions of each file to keep, at least 1. */
  readonly keep: number;
  readonly isDry: boolean;
  readonly pieces?: PieceSizes;
}

export interface Pruned {
  readonly removed: number;
  /** Bytes no longer stored. In a dry run, the sizes of the versions, including content that they share. */
  readonly bytes: number;
}

/**
 * Deletes old versions of a file, or of all files below a folder, at their owner's request, regardless of age. Keeps
 * the newest versions and labeled ones. Works in short transactions. An interrupted run can be repeated to continue.
 */
export async function pruneNow(
  request: PruneRequest,
  { id, kind }: { readonly id: NodeId; readonly kind: string },
): Promise<Pruned> {
  const { clock, spaceId } = request;
  const segments = new Set<HashHex>();
  const total = { removed: 0, bytes: 0 };
  const add = ({ removed, bytes }: Pruned): void => {
    total.removed += removed;
    total.bytes += bytes;
  };
  if (kind !== "folder") add(await pruneFiles(request, [id], segments));
  else {
    let page = await filesWithHistory(request, undefined);
    for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
      const below = await findRevisions(request, { spaceId, rootId: id }, page);
      add(await pruneFiles(request, [...below.keys()], segments));
      page = await filesWithHistory(request, last);
    }
  }
  // Done once for all files, because it reads the lists of all versions of the space.
  const dropped = await dropSegments({ ...request, nowMicros: clock.nowMicros() }, spaceId, [...segments]);
  return { removed: total.removed, bytes: total.bytes + dropped };
}

/** Index: nodes_history. */
async function filesWithHistory(
  { db, spaceId, keep, pieces = pieceSizes }: PruneRequest,
  after: NodeId | undefined,
): Promise<NodeId[]> {
  const { rows } = await sql<{ id: NodeId }>`
    select id from shard.nodes
    where space_id = ${spaceId} and version_number > 1 and version_number > ${keep}::int8
      ${after === undefined ? sql`` : sql`and id > ${after}::uuid`}
    order by id limit ${pieces.rowsMax}`.execute(db);
  return rows.map((row) => row.id);
}

/** Versions per transaction. With the longest short lists, 51,200 references are released under the space lock. */
const versionsAtOnce = 100;

async function pruneFiles(request: PruneRequest, ids: readonly NodeId[], segments: Set<HashHex>): Promise<Pruned> {
  const { db, clock, spaceId } = request;
  if (ids.length === 0) return { removed: 0, bytes: 0 };
  const old = await newestOld(request, ids);
  if (old.length === 0) return { removed: 0, bytes: 0 };
  if (request.isDry) return countOld(request, old);
  let [removed, bytes] = [0, 0];
  for (let last = versionsAtOnce; last === versionsAtOnce;) {
    const piece = await inTransaction(db, async (transaction) => {
      await lockSpace(transaction, spaceId);
      const chosen = sql`select v.id ${oldVersions(spaceId, old)} order by v.number limit ${versionsAtOnce}`;
      return removeVersions(transaction, spaceId, chosen, clock.nowMicros());
    });
    last = piece.rows.length;
    removed += last;
    bytes += piece.freedBytes;
    for (const { segments: list } of piece.rows)
      for (const hash of list === null ? [] : segmentHashesOf(list)) segments.add(hash);
  }
  return { removed, bytes };
}

interface OldOfFile {
  readonly id: NodeId;
  readonly number: number;
}

/** Numbers have gaps after pruning. Index: versions_node. */
async function newestOld({ db, spaceId, keep }: PruneRequest, ids: readonly NodeId[]): Promise<OldOfFile[]> {
  const { rows } = await sql<OldOfFile>`
    select n.id, least(old.number, n.version_number - 1) as number
    from shard.nodes n cross join lateral (
      select v.number from shard.versions v where v.space_id = ${spaceId} and v.node_id = n.id
      order by v.number desc offset ${keep}::int8 limit 1
    ) old
    where n.space_id = ${spaceId} and n.id = any(${uuidArray(ids)})`.execute(db);
  return rows;
}

/** Index: versions_node. */
function oldVersions(spaceId: SpaceId, old: readonly OldOfFile[]) {
  return sql`
    from unnest(${uuidArray(old.map(({ id }) => id))}, ${int8Array(old.map(({ number }) => number))}) as old (node_id, number)
    join shard.versions v on v.space_id = ${spaceId} and v.node_id = old.node_id and v.number <= old.number
    where v.label is null`;
}

async function countOld({ db, spaceId }: PruneRequest, old: readonly OldOfFile[]): Promise<Pruned> {
  const { rows } = await sql<Pruned>`
    select count(*)::int8 as removed, coalesce(sum(v.size), 0)::int8 as bytes ${oldVersions(spaceId, old)}`.execute(db);
  return rows[0] ?? { removed: 0, bytes: 0 };
}
