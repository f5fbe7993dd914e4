import { type HashHex, type NodeId, type SpaceId, type UserId, type VersionId } from "@holdfast/core/ids";
import { decodeSegment } from "@holdfast/core/manifest";
import { nameKey } from "@holdfast/core/names";
import { sql } from "kysely";
import { uuidArray } from "../db/array-parameters.ts";
import type { BlockService } from "../blocks/block-service.ts";
import { inTransaction } from "../db/database.ts";
import type { NodeRow, VersionRow } from "../db/shard-tables.ts";
import type { Shard } from "../db/shards.ts";
import {
  type FolderPair,
  leaseMicros,
  raisedBy,
  renewLease,
  startPiece,
  updateReach,
} from "../metadata/commit/copy-folder.ts";
import { lockBlocks } from "../metadata/commit/load.ts";
import type { TransactionPlace } from "../metadata/commit/run-transaction.ts";
import { stageSegments } from "../metadata/commit/stage-segments.ts";
import { newId, newRevision, type Work } from "../metadata/commit/work.ts";
import { insertNodes, insertVersions, writeLabels } from "../metadata/commit/write.ts";
import { contentOf, distinctBlocks } from "../metadata/content/content.ts";
import { readSegments } from "../metadata/content/manifests.ts";
import { changeBlockRefs, changeSegmentRefs, countOf } from "../metadata/content/references.ts";
import { assertWeightRoom, versionWeight } from "../metadata/weight/metadata-bytes.ts";
import { countBlocks } from "../metadata/weight/stored-bytes.ts";

export interface Crossing {
  readonly source: { readonly shard: Shard; readonly spaceId: SpaceId };
  /** The other space, and what it takes to change it. */
  readonly place: TransactionPlace;
  readonly blocks: Pick<BlockService, "holdAlso">;
  /** Whose the blocks are from now on. */
  readonly userId: UserId;
  /** Asked before each piece. */
  readonly signal: AbortSignal;
}

/** What stands outside the tree of the other space, all of it but its name in use. */
export interface Crossed {
  readonly topId: NodeId;
  /** Of files, by their heads. */
  readonly sizeBytes: number;
  readonly weightBytes: number;
  readonly files: number;
  readonly folders: number;
  readonly versions: number;
  /** The new ids of those nodes that were asked about. */
  readonly ids: ReadonlyMap<NodeId, NodeId>;
}

/** With what was done until now. */
interface Copying extends Crossing {
  readonly asked: ReadonlySet<NodeId>;
  readonly done: { -readonly [Key in keyof Crossed]: Crossed[Key] } & { ids: Map<NodeId, NodeId> };
}

/**
 * Makes a file or folder anew in another space, with all versions, outside the tree as copies of folders are: piece by piece, seen by
 * nobody, and removed by `sweepPurged` after a while if nobody attaches it. No content moves: the space holds the same blocks. What
 * lies in the trash is left, and so are mounts, which show what was granted to somebody else.
 * @param asked nodes whose new ids are wanted
 * @param begun told of its top: where this throws, that has to be removed
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

/** By nodes_parent. */
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

/** What it was to people it stays; what devices and rights go by is new. */
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

async function count(copying: Copying, copies: readonly Copy[]): Promise<void> {
  const { done } = copying;
  for (const { source, copy } of copies) {
    done.sizeBytes += copy.size;
    done.weightBytes += copy.weight;
    if (copy.kind === "folder") done.folders += 1;
    else done.files += 1;
    if (copying.asked.has(source.id)) done.ids.set(source.id, copy.id);
  }
  await copyVersions(
    copying,
    copies.filter(({ copy }) => copy.head_version !== null),
  );
}

/** With lists of some megabytes at most. */
const versionsAtOnce = 100;

/** One file after the other, the oldest version first. By versions_node. */
async function copyVersions(copying: Copying, files: readonly Copy[]): Promise<void> {
  if (files.length === 0) return;
  const { shard, spaceId } = copying.source;
  const bySource = new Map(files.map((file) => [file.source.id, file.copy]));
  const staged = new Set<HashHex>();
  const last: { node: NodeId | null; number: number } = { node: null, number: 0 };
  for (let read = versionsAtOnce; read === versionsAtOnce;) {
    copying.signal.throwIfAborted();
    const { rows } = await sql<VersionRow>`
      select * from shard.versions where space_id = ${spaceId} and node_id = any(${uuidArray([...bySource.keys()])})
        and (${last.node}::uuid is null or (node_id, number) > (${last.node}::uuid, ${last.number}::int8))
      order by node_id, number limit ${versionsAtOnce}`.execute(shard.db);
    await holdSegments(copying, rows, staged);
    await holdBlocks(copying, new Map(rows.flatMap((row) => [...contentOf(row).blocks])));
    await writeVersions(copying, rows, bySource);
    read = rows.length;
    last.node = rows.at(-1)?.node_id ?? null;
    last.number = rows.at(-1)?.number ?? 0;
  }
}

const segmentsAtOnce = 8;

/** The lists of long files, each once. */
async function holdSegments(copying: Copying, versions: readonly VersionRow[], staged: Set<HashHex>): Promise<void> {
  const { source, place } = copying;
  const wanted = new Set(versions.flatMap((version) => contentOf(version).segmentHashes)).difference(staged);
  const hashes = [...wanted];
  for (let at = 0; at < hashes.length; at += segmentsAtOnce) {
    copying.signal.throwIfAborted();
    const some = hashes.slice(at, at + segmentsAtOnce);
    const buffers = some.map((hash) => Buffer.from(hash, "hex"));
    const pieces = await readSegments(source.shard, source.spaceId, buffers);
    const segments = some.map((hash, index) => ({ hash, entries: decodeSegment(pieces[index] ?? Buffer.alloc(0)) }));
    await holdBlocks(copying, distinctBlocks(segments.flatMap(({ entries }) => entries)));
    await stageSegments({ ...place, nowMicros: place.clock.nowMicros() }, segments);
    for (const hash of some) staged.add(hash);
  }
}

const blocksAtOnce = 1000;

async function holdBlocks(copying: Copying, blocks: ReadonlyMap<HashHex, number>): Promise<void> {
  const all = [...blocks];
  for (let at = 0; at < all.length; at += blocksAtOnce) {
    const part = new Map(all.slice(at, at + blocksAtOnce));
    const also = { from: copying.source.spaceId, uploader: copying.userId, blocks: part };
    await copying.blocks.holdAlso(copying.place.spaceId, also);
  }
}

async function writeVersions(
  { place, done }: Copying,
  sources: readonly VersionRow[],
  bySource: ReadonlyMap<NodeId, NodeRow>,
): Promise<void> {
  if (sources.length === 0) return;
  await inTransaction(place.db, async (transaction) => {
    const work = await startPiece(transaction, place);
    await renewLease(work, done.topId);
    const contents = sources.map(contentOf);
    const blocks = contents.flatMap((content) => [...content.blocks.keys()]);
    const { uncounted } = await lockBlocks(transaction, place.spaceId, [...new Set(blocks)]);
    const versions = sources.flatMap((source) => {
      const file = bySource.get(source.node_id);
      return file === undefined ? [] : [versionOf(work, source, file)];
    });
    const weightBytes = versions.reduce((sum, version) => sum + versionWeight(version), 0);
    assertWeightRoom(work.space, done.weightBytes + weightBytes);
    await insertVersions(transaction, versions);
    const labels = versions.filter(({ label }) => label !== null);
    await writeLabels(
      transaction,
      place.spaceId,
      labels.map(({ id, label }) => ({ versionId: id, label })),
    );
    await countBlocks(transaction, place.spaceId, [...uncounted]);
    await changeBlockRefs(transaction, place.spaceId, countOf(blocks), work.nowMicros);
    const segments = countOf(contents.flatMap(({ segmentHashes }) => segmentHashes));
    await changeSegmentRefs(transaction, place.spaceId, segments, work.nowMicros);
    done.weightBytes += weightBytes;
    done.versions += versions.length;
  });
}

/** Its number, time, author and label stay. */
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
