import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type CommentId, type HashHex, makeId, type NodeId, type VersionId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { CommentRow, NodeRow, ShardQueries, VersionRow } from "../../base/db/shard-tables.ts";
import {
  type FolderPair,
  leaseMicros,
  raisedBy,
  renewLease,
  startPiece,
  updateReach,
} from "../../tree/commit/copy-folder.ts";
import { holdBlocks, type Holding, holdSegments, lockContents } from "../../tree/commit/hold-contents.ts";
import { newId, newRevision, type Work } from "../../tree/commit/work.ts";
import { insertNodes, insertVersions, writeLabels } from "../../tree/commit/write.ts";
import { contentOf } from "../../tree/content/content.ts";
import { changeBlockRefs, changeSegmentRefs, countOf } from "../../tree/content/references.ts";
import { sweepDetached } from "../../tree/commit/removal.ts";
import { assertWeightRoom, commentWeight, versionWeight } from "../../tree/weight/metadata-bytes.ts";
import { countBlocks } from "../../tree/weight/stored-bytes.ts";

export interface Crossing extends Holding {
  readonly signal: AbortSignal;
}

/** Finished copy outside the other space's tree. Only its name is not in use yet. */
export interface Crossed {
  readonly topId: NodeId;
  /** Sum of the files' heads. */
  readonly sizeBytes: number;
  readonly weightBytes: number;
  readonly files: number;
  readonly folders: number;
  readonly versions: number;
  /** New ids of the requested nodes. */
  readonly ids: ReadonlyMap<NodeId, NodeId>;
}

interface Copying extends Crossing {
  readonly asked: ReadonlySet<NodeId>;
  readonly done: { -readonly [Key in keyof Crossed]: Crossed[Key] } & { ids: Map<NodeId, NodeId> };
}

/**
 * Copies a file or folder to another space, with versions and comments. Runs in pieces and outside the tree;
 * `sweepPurged` removes a copy that is never attached. No content moves: the space only holds the same blocks. Omits
 * trash, and mounts, which show what others granted.
 * @param asked nodes whose new ids are needed
 * @param begun called with the new top, which must be removed after an error
 * @throws HoldfastError quota
 */
export async function copyAcross(
  crossing: Crossing,
  source: NodeRow,
  asked: ReadonlySet<NodeId>,
  begun: (topId: NodeId) => void,
): Promise<Crossed> {
  const top = await inTransaction(crossing.place.db, async (transaction) => {
    const work = await startPiece(transaction, crossing.place);
    const row = copyOf(work, source, null);
    const lease = { trashed_at: work.nowMicros, purged_at: work.nowMicros + leaseMicros };
    await insertNodes(transaction, [{ ...row, ...lease }]);
    return row;
  });
  begun(top.id);
  const none = { sizeBytes: 0, weightBytes: 0, files: 0, folders: 0, versions: 0 };
  const copying: Copying = { ...crossing, asked, done: { ...none, topId: top.id, ids: new Map() } };
  await count(copying, [{ source, copy: top }]);
  const waiting: FolderPair[] = [];
  if (source.kind === "folder") waiting.push(pairOf({ source, copy: top }, undefined));
  for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) await copyChildren(copying, pair, waiting);
  return copying.done;
}

interface Copy {
  readonly source: NodeRow;
  readonly copy: NodeRow;
}

function pairOf({ source, copy }: Copy, above: FolderPair | undefined): FolderPair {
  return { from: source.id, to: copy.id, name: copy.name, above, reach: { names: 0, bytes: 0 } };
}

async function copyChildren(copying: Copying, pair: FolderPair, waiting: FolderPair[]): Promise<void> {
  const { place } = copying;
  let after: NodeId | undefined;
  for (let read = place.pieces.copiedNodesMax; read === place.pieces.copiedNodesMax;) {
    const sources = await readChildren(copying, pair.from, after);
    const copies = await inTransaction(place.db, async (transaction) => {
      const work = await startPiece(transaction, place);
      await renewLease(work, copying.done.topId);
      const made = sources.map((source) => ({ source, copy: copyOf(work, source, pair.to) }));
      const rows = made.map(({ copy }) => copy);
      const raised = raisedBy(pair, rows);
      await insertNodes(transaction, rows);
      await updateReach(transaction, place.spaceId, raised);
      for (const [folder, reach] of raised) folder.reach = reach;
      return made;
    });
    await count(copying, copies);
    waiting.push(...copies.filter(({ source }) => source.kind === "folder").map((copy) => pairOf(copy, pair)));
    read = sources.length;
    after = sources.at(-1)?.id;
  }
}

/** Index: nodes_parent. */
async function readChildren(
  { source: { shard, spaceId }, place, signal }: Copying,
  folder: NodeId,
  after: NodeId | undefined,
): Promise<NodeRow[]> {
  signal.throwIfAborted();
  const { rows } = await sql<NodeRow>`
    select * from shard.nodes
    where space_id = ${spaceId} and parent_id = ${folder} and (${after ?? null}::uuid is null or id > ${after ?? null})
      and trashed_at is null and kind <> 'mount'
    order by id limit ${place.pieces.copiedNodesMax}`.execute(shard.db);
  return rows;
}

/** Keeps what people see; ids and revisions, which devices and rights use, are new. */
function copyOf(work: Work, source: NodeRow, parentId: NodeId | null): NodeRow {
  return {
    ...source,
    space_id: work.space.id,
    id: newId<NodeId>(work),
    parent_id: parentId,
    name_key: nameKey(source.name),
    head_version: source.head_version === null ? null : newId<VersionId>(work),
    names_below: 0,
    bytes_below: 0,
    revision: newRevision(work),
    seq: work.space.seq,
    trashed_at: null,
    device_id: null,
    operation_id: null,
    updated_at: work.nowMicros,
    shared: false,
  };
}

interface Came extends Copy {
  weightBytes: number;
  versions: number;
  hasHead: boolean;
}

async function count(copying: Copying, copies: readonly Copy[]): Promise<void> {
  const { done, asked } = copying;
  const all = copies.map((each): Came => ({ ...each, weightBytes: each.copy.weight, versions: 0, hasHead: false }));
  const byId = new Map(all.map((each) => [each.source.id, each]));
  await copyComments(copying, byId);
  await copyVersions(copying, byId);
  for (const each of all) {
    const { source, copy, weightBytes, versions, hasHead } = each;
    if (copy.head_version !== null && !hasHead) {
      await leaveOut(copying, copy);
      continue;
    }
    done.sizeBytes += copy.size;
    done.weightBytes += weightBytes;
    done.versions += versions;
    if (copy.kind === "folder") done.folders += 1;
    else done.files += 1;
    if (asked.has(source.id)) done.ids.set(source.id, copy.id);
  }
}

/** The owner just purged this file; a copy must not lack its content. */
async function leaveOut({ place, done }: Copying, copy: NodeRow): Promise<void> {
  if (copy.id === done.topId) throw new HoldfastError("conflict", "Its owner permanently deleted it.");
  const { db, spaceId, clock, pieces } = place;
  await sweepDetached(db, spaceId, copy.id, { nowMicros: clock.nowMicros(), pieces });
}

/** @throws HoldfastError quota if the total exceeds the space's room */
function addTo(
  work: Work,
  { done }: Copying,
  byId: ReadonlyMap<NodeId, Came>,
  added: ReadonlyMap<NodeId, number>,
): void {
  for (const [id, weightBytes] of added) {
    const came = byId.get(id);
    if (came !== undefined) came.weightBytes += weightBytes;
  }
  const hereBytes = byId.values().reduce((sum, { weightBytes }) => sum + weightBytes, 0);
  assertWeightRoom(work.space, done.weightBytes + hereBytes);
}

function weightsOf<Row extends { readonly node_id: NodeId }>(rows: readonly Row[], weigh: (row: Row) => number) {
  const weights = new Map<NodeId, number>();
  for (const row of rows) weights.set(row.node_id, (weights.get(row.node_id) ?? 0) + weigh(row));
  return weights;
}

const commentsAtOnce = 200;

/** Index: primary key. */
async function copyComments(copying: Copying, byId: ReadonlyMap<NodeId, Came>): Promise<void> {
  if (byId.size === 0) return;
  const { source, place, done } = copying;
  let last: CommentRow | undefined;
  for (let read = commentsAtOnce; read === commentsAtOnce;) {
    copying.signal.throwIfAborted();
    const { rows }: { rows: CommentRow[] } = await sql<CommentRow>`
      select * from shard.comments where space_id = ${source.spaceId} and node_id = any(${uuidArray([...byId.keys()])})
        and (${last?.id ?? null}::uuid is null
          or (node_id, at, id) > (${last?.node_id ?? null}::uuid, ${last?.at ?? null}::int8, ${last?.id ?? null}::uuid))
      order by node_id, at, id limit ${commentsAtOnce}`.execute(source.shard.db);
    if (rows.length > 0) {
      await inTransaction(place.db, async (transaction) => {
        const work = await startPiece(transaction, place);
        await renewLease(work, done.topId);
        const comments = rows.flatMap((row) => {
          const nodeId = byId.get(row.node_id)?.copy.id;
          return nodeId === undefined ? [] : [commentOf(work, row, nodeId)];
        });
        await insertComments(transaction, comments);
        addTo(work, copying, byId, weightsOf(rows, commentWeight));
      });
    }
    read = rows.length;
    last = rows.at(-1);
  }
}

function commentOf({ space, clock, random }: Work, source: CommentRow, nodeId: NodeId): CommentRow {
  const id = makeId<CommentId>(bucketOf(space.id), clock.nowMs(), random(8));
  return { ...source, space_id: space.id, node_id: nodeId, id };
}

async function insertComments(transaction: ShardQueries, rows: readonly CommentRow[]): Promise<void> {
  for (const { space_id, node_id, id, text, mentions, author, at, edited_at, resolved_at } of rows) {
    await sql`
      insert into shard.comments (space_id, node_id, id, text, mentions, author, at, edited_at, resolved_at)
      values (${space_id}, ${node_id}, ${id}, ${text}, ${uuidArray(mentions)}, ${author}, ${at}, ${edited_at}::int8,
        ${resolved_at}::int8)`.execute(transaction);
  }
}

/** Their block lists need a few megabytes. */
const versionsAtOnce = 100;

/** File by file, oldest version first. Index: versions_node. */
async function copyVersions(copying: Copying, byId: ReadonlyMap<NodeId, Came>): Promise<void> {
  const files = [...byId].flatMap(([id, { copy }]) => (copy.head_version === null ? [] : [id]));
  if (files.length === 0) return;
  const { shard, spaceId } = copying.source;
  const staged = new Set<HashHex>();
  const last: { node: NodeId | null; number: number } = { node: null, number: 0 };
  for (let read = versionsAtOnce; read === versionsAtOnce;) {
    copying.signal.throwIfAborted();
    const { rows } = await sql<VersionRow>`
      select * from shard.versions where space_id = ${spaceId} and node_id = any(${uuidArray(files)})
        and (${last.node}::uuid is null or (node_id, number) > (${last.node}::uuid, ${last.number}::int8))
      order by node_id, number limit ${versionsAtOnce}`.execute(shard.db);
    await holdSegments(copying, rows, staged);
    await holdBlocks(copying, new Map(rows.flatMap((row) => [...contentOf(row).blocks])));
    await writeVersions(copying, rows, byId);
    read = rows.length;
    last.node = rows.at(-1)?.node_id ?? null;
    last.number = rows.at(-1)?.number ?? 0;
  }
}

async function writeVersions(
  copying: Copying,
  read: readonly VersionRow[],
  byId: ReadonlyMap<NodeId, Came>,
): Promise<void> {
  const { place, done } = copying;
  // Newer versions than the node's copy are omitted.
  const sources = read.filter(({ node_id: id, number }) => number <= (byId.get(id)?.copy.version_number ?? 0));
  if (sources.length === 0) return;
  const versions = await inTransaction(place.db, async (transaction) => {
    const work = await startPiece(transaction, place);
    await renewLease(work, done.topId);
    const contents = sources.map(contentOf);
    const blocks = contents.flatMap((content) => [...content.blocks.keys()]);
    const { uncounted } = await lockContents(transaction, place.spaceId, contents);
    const made = sources.flatMap((source) => {
      const file = byId.get(source.node_id)?.copy;
      return file === undefined ? [] : [versionOf(work, source, file)];
    });
    await insertVersions(transaction, made);
    const labels = made.filter(({ label }) => label !== null);
    await writeLabels(
      transaction,
      place.spaceId,
      labels.map(({ id, label, label_by: by }) => ({ versionId: id, label, by })),
    );
    await countBlocks(transaction, place.spaceId, [...uncounted]);
    await changeBlockRefs(transaction, place.spaceId, countOf(blocks), work.nowMicros);
    const segments = countOf(contents.flatMap(({ segmentHashes }) => segmentHashes));
    await changeSegmentRefs(transaction, place.spaceId, segments, work.nowMicros);
    addTo(work, copying, byId, weightsOf(sources, versionWeight));
    return made;
  });
  const heads = new Set(versions.map(({ id }) => id));
  for (const each of byId.values())
    each.hasHead ||= each.copy.head_version !== null && heads.has(each.copy.head_version);
  for (const { node_id: id } of sources) {
    const came = byId.get(id);
    if (came !== undefined) came.versions += 1;
  }
}

function versionOf(work: Work, source: VersionRow, file: NodeRow): VersionRow {
  const isHead = source.number === file.version_number;
  return {
    ...source,
    space_id: work.space.id,
    id: isHead && file.head_version !== null ? file.head_version : newId<VersionId>(work),
    node_id: file.id,
    device_id: null,
    operation_id: null,
  };
}
