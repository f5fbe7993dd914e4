import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { CommentRow, GrantRow, ShardQueries, ShardTables } from "../../base/db/shard-tables.ts";
import { lockSpace } from "./load.ts";
import { enqueueGrant } from "./enqueue-grant.ts";
import { commentWeight, versionWeight } from "../weight/metadata-bytes.ts";
import { changeUse } from "../weight/used-bytes.ts";
import { type PieceSizes, pieceSizes } from "./piece-sizes.ts";
import { type ReferringVersion, releaseVersions } from "../content/references.ts";

interface Removal {
  readonly nowMicros: number;
  readonly pieces: PieceSizes;
}

/**
 * Removes purged subtrees in the purge's transaction while they are small in total. `sweepPurged` removes the others.
 * The caller holds the space lock.
 * @returns what the space no longer uses
 */
export async function removeSubtrees(
  transaction: ShardQueries,
  spaceId: SpaceId,
  topIds: readonly NodeId[],
  removal: Removal,
): Promise<Removed> {
  let room = removal.pieces.nodesInlineMax;
  const removed = { sizeBytes: 0, weightBytes: 0, grants: 0 };
  for (const topId of topIds) {
    if (room === 0) break;
    const ids = await below(transaction, spaceId, topId, room + 1);
    if (ids.length > room) continue;
    const piece = await removePiece(transaction, spaceId, ids, removal);
    removed.sizeBytes += piece.sizeBytes;
    removed.weightBytes += piece.weightBytes;
    removed.grants += piece.grants;
    if (piece.nodes < ids.length) break;
    room -= ids.length;
  }
  return removed;
}

export interface Removed {
  readonly grants: number;
  /** Bytes of the newest versions of files. */
  readonly sizeBytes: number;
  readonly weightBytes: number;
}

export interface SweepOptions {
  readonly nowMicros: number;
  readonly signal?: AbortSignal;
  readonly pieces?: PieceSizes;
}

/**
 * Includes abandoned copies. Each piece holds the space lock for some milliseconds. After a crash the next sweep
 * continues from the top.
 * @returns number of removed nodes
 */
export async function sweepPurged(
  db: Kysely<ShardTables>,
  { nowMicros, signal, pieces = pieceSizes }: SweepOptions,
): Promise<number> {
  // Index: nodes_purged. An unfinished copy has a time in the future.
  const { rows: tops } = await sql<{ space_id: SpaceId; id: NodeId; parent_id: NodeId | null }>`
    select space_id, id, parent_id from shard.nodes where purged_at is not null and purged_at <= ${nowMicros}
    order by purged_at limit 1000`.execute(db);
  let removed = 0;
  for (const top of tops) {
    signal?.throwIfAborted();
    // A copy that was never attached was never counted.
    const sweep = { db, spaceId: top.space_id, nowMicros, pieces, counted: top.parent_id !== null, signal };
    removed += await sweepBelow(sweep, top.id);
  }
  return removed;
}

export async function sweepDetached(
  db: Kysely<ShardTables>,
  spaceId: SpaceId,
  topId: NodeId,
  { nowMicros, pieces }: Removal,
): Promise<void> {
  await sweepBelow({ db, spaceId, nowMicros, pieces, counted: false, signal: undefined }, topId);
}

interface Sweep extends Removal {
  readonly db: Kysely<ShardTables>;
  readonly spaceId: SpaceId;
  readonly counted: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Keeps a path from every remaining node to the top. */
async function sweepBelow(sweep: Sweep, topId: NodeId): Promise<number> {
  let removed = 0;
  const folders = [topId];
  for (let folder = folders.at(-1); folder !== undefined; folder = folders.at(-1)) {
    sweep.signal?.throwIfAborted();
    const piece = await sweepPiece(sweep, folder);
    removed += piece.removed;
    if (piece.folders === undefined) folders.pop();
    else folders.push(...piece.folders);
  }
  return removed;
}

/** @returns `folders` to remove before this one; undefined when it is gone */
async function sweepPiece(sweep: Sweep, folderId: NodeId): Promise<{ removed: number; folders: NodeId[] | undefined }> {
  const { nodesMax } = sweep.pieces;
  return inTransaction(sweep.db, async (transaction) => {
    await lockSpace(transaction, sweep.spaceId);
    const ids = await below(transaction, sweep.spaceId, folderId, nodesMax + 1);
    if (ids.length <= nodesMax) {
      const removed = await removeCounted(transaction, sweep, ids);
      return { removed, folders: removed === ids.length ? undefined : [] };
    }
    const { rows: children } = await sql<{ id: NodeId; kind: string }>`
      select id, kind from shard.nodes where space_id = ${sweep.spaceId} and parent_id = ${folderId}
      order by id limit ${nodesMax}`.execute(transaction);
    const leaves = children.filter((child) => child.kind !== "folder").map((child) => child.id);
    const removed = await removeCounted(transaction, sweep, leaves);
    return { removed, folders: children.filter((child) => child.kind === "folder").map((child) => child.id) };
  });
}

/** @returns number of removed nodes; fewer than given if they have too many versions for one transaction */
async function removeCounted(transaction: ShardQueries, sweep: Sweep, ids: readonly NodeId[]): Promise<number> {
  const { nodes, sizeBytes, weightBytes } = await removePiece(transaction, sweep.spaceId, ids, sweep);
  if (sweep.counted) {
    const change = { usedBytes: -sizeBytes, metadataBytes: -weightBytes, seq: null };
    await changeUse(transaction, sweep.spaceId, change);
  }
  return nodes;
}

/** Returns the node and nodes below it, nearest first, up to `limit`. Index: nodes_parent. */
async function below(transaction: ShardQueries, spaceId: SpaceId, topId: NodeId, limit: number): Promise<NodeId[]> {
  const { rows } = await sql<{ id: NodeId }>`
    with recursive below (id) as (
      select n.id from shard.nodes n where n.space_id = ${spaceId} and n.id = ${topId}
      union all
      select child.id from below cross join lateral (
        select n.id from shard.nodes n where n.space_id = ${spaceId} and n.parent_id = below.id offset 0
      ) child
    ) select id from below limit ${limit}`.execute(transaction);
  return rows.map((row) => row.id);
}

/**
 * The newest version goes last, so that a remaining file has its head; comments go before their nodes, and folders
 * last. Index: versions_node.
 */
async function removePiece(
  transaction: ShardQueries,
  spaceId: SpaceId,
  ids: readonly NodeId[],
  { nowMicros, pieces }: Removal,
): Promise<Removed & { readonly nodes: number }> {
  if (ids.length === 0) return { nodes: 0, sizeBytes: 0, weightBytes: 0, grants: 0 };
  const comments = await removeComments(transaction, spaceId, ids, pieces);
  if (comments.more) return { nodes: 0, sizeBytes: 0, weightBytes: comments.weightBytes, grants: 0 };
  const { rows: versions } = await sql<ReferringVersion>`
    delete from shard.versions where space_id = ${spaceId} and id in (
      select v.id from shard.versions v where v.space_id = ${spaceId} and v.node_id = any(${uuidArray(ids)})
      order by v.node_id, v.number limit ${pieces.nodesInlineMax})
    returning manifest, segments, label`.execute(transaction);
  await releaseVersions(transaction, spaceId, versions, nowMicros);
  const all = versions.length < pieces.nodesInlineMax;
  const { rows } = await sql<Omit<Removed, "grants"> & { nodes: number }>`
    with gone as (
      delete from shard.nodes n where n.space_id = ${spaceId} and n.id = any(${uuidArray(ids)}) and (${all} or
        n.kind <> 'folder' and not exists (
          select from shard.versions v where v.space_id = n.space_id and v.node_id = n.id))
      returning n.size, n.weight
    ) select count(*)::int as nodes, coalesce(sum(size), 0) as "sizeBytes", coalesce(sum(weight), 0) as "weightBytes"
    from gone`.execute(transaction);
  const grants = await removeGrantsOf(transaction, spaceId, ids);
  await sql`delete from shard.watches where space_id = ${spaceId} and node_id = any(${uuidArray(ids)})`.execute(
    transaction,
  );
  // Index: transfers_node. A removed node cannot be offered.
  await sql`delete from shard.transfers where space_id = ${spaceId} and node_id = any(${uuidArray(ids)})`.execute(
    transaction,
  );
  const { nodes = 0, sizeBytes = 0, weightBytes = 0 } = rows[0] ?? {};
  return {
    grants,
    nodes,
    sizeBytes,
    weightBytes: versions.reduce((sum, version) => sum + versionWeight(version), weightBytes + comments.weightBytes),
  };
}

/** Enqueues messages for the grantees. Index: grants_grantee_once. */
async function removeGrantsOf(transaction: ShardQueries, spaceId: SpaceId, ids: readonly NodeId[]): Promise<number> {
  const { rows } = await sql<GrantRow>`
    delete from shard.grants where space_id = ${spaceId} and node_id = any(${uuidArray(ids)}) returning *`.execute(
    transaction,
  );
  for (const grant of rows) await enqueueGrant(transaction, grant);
  return rows.length;
}

/** Index: the primary key. @returns `more`: there may be others */
async function removeComments(
  transaction: ShardQueries,
  spaceId: SpaceId,
  ids: readonly NodeId[],
  { nodesInlineMax }: PieceSizes,
): Promise<{ readonly weightBytes: number; readonly more: boolean }> {
  const { rows } = await sql<Pick<CommentRow, "text" | "mentions">>`
    delete from shard.comments where ctid = any(array(
      select ctid from shard.comments where space_id = ${spaceId} and node_id = any(${uuidArray(ids)})
      limit ${nodesInlineMax}))
    returning text, mentions`.execute(transaction);
  const weightBytes = rows.reduce((sum, row) => sum + commentWeight(row), 0);
  return { weightBytes, more: rows.length === nodesInlineMax };
}
