import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import { sql } from "kysely";
import { int4Array, uuidArray } from "../../db/array-parameters.ts";
import { inTransaction } from "../../db/database.ts";
import type { NodeRow, ShardReader } from "../../db/shard-tables.ts";
import { contentOf } from "../content/content.ts";
import { loadVersions, lockSpace, noHeldBlocks } from "./load.ts";
import { assertWeightRoom } from "../weight/metadata-bytes.ts";
import { type Reach, reachAbove } from "../weight/reach.ts";
import { sweepDetached } from "../trash/removal.ts";
import type { TransactionPlace } from "./run-transaction.ts";
import { Tree } from "./tree.ts";
import {
  addVersion,
  type DetachedFolder,
  newId,
  newRevision,
  noChanges,
  type Step,
  useBytes,
  type Work,
} from "./work.ts";
import { insertNodes, insertVersions } from "./write.ts";
import { changeBlockRefs, changeSegmentRefs, countOf } from "../content/references.ts";

/** While it is written the copy is to be removed at a time in the future, which each piece moves on. */
export const leaseMicros = 3600 * 1_000_000;

export interface FolderPair {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly name: string;
  /** In the copy; undefined for its top. */
  readonly above: FolderPair | undefined;
  /** Of what was copied of it until now. */
  reach: Reach;
}

interface Copying {
  readonly place: TransactionPlace;
  readonly step: Step;
  readonly topId: NodeId;
  /** All that was copied until now. */
  readonly copied: { sizeBytes: number; weightBytes: number };
}

/**
 * Copies what lies in a folder to a place outside the tree, piece by piece, each a short transaction of its own, so
 * that the space is never locked for long. Nobody sees the copy before one more commit attaches its top (`applyCopy`).
 * A copy into the folder itself ends, since the copy is not in the tree while it is written. What a crash leaves behind
 * has a time in `purged_at` and is removed by `sweepPurged`. It counts once it is attached; one that could not be then, for its bytes
 * or its weight, is given up at once.
 */
export async function copyFolder(place: TransactionPlace, step: Step, source: NodeRow): Promise<DetachedFolder> {
  const topId = await makeTop(place, step, source);
  const copying: Copying = { place, step, topId, copied: { sizeBytes: 0, weightBytes: source.weight } };
  try {
    const waiting: FolderPair[] = [
      { from: source.id, to: topId, name: source.name, above: undefined, reach: { names: 0, bytes: 0 } },
    ];
    for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
      await copyChildren(copying, pair, waiting);
    }
  } catch (error) {
    await sweepDetached(place.db, place.spaceId, topId, { nowMicros: place.clock.nowMicros(), pieces: place.pieces });
    throw error;
  }
  return { topId, ...copying.copied };
}

async function makeTop(place: TransactionPlace, step: Step, source: NodeRow): Promise<NodeId> {
  return inTransaction(place.db, async (transaction) => {
    const work = await startPiece(transaction, place);
    const top = copyOf(work, step, source, null);
    const lease = { trashed_at: work.nowMicros, purged_at: work.nowMicros + leaseMicros };
    await insertNodes(transaction, [{ ...top, ...lease, name_key: nameKey(top.name) }]);
    return top.id;
  });
}

async function copyChildren(copying: Copying, pair: FolderPair, waiting: FolderPair[]): Promise<void> {
  let after: NodeId | undefined = undefined;
  do {
    const piece: Piece = await copyPiece(copying, pair, after);
    copying.copied.sizeBytes += piece.sizeBytes;
    copying.copied.weightBytes += piece.weightBytes;
    for (const [folder, reach] of piece.raised) folder.reach = reach;
    waiting.push(...piece.folders);
    after = piece.last;
  } while (after !== undefined);
}

interface Piece {
  readonly sizeBytes: number;
  readonly weightBytes: number;
  readonly folders: readonly FolderPair[];
  readonly raised: ReadonlyMap<FolderPair, Reach>;
  /** Undefined once the folder is done. */
  readonly last: NodeId | undefined;
}

async function copyPiece(copying: Copying, pair: FolderPair, after: NodeId | undefined): Promise<Piece> {
  const { place, step, topId, copied } = copying;
  return inTransaction(place.db, async (transaction) => {
    const work = await startPiece(transaction, place);
    await renewLease(work, topId);
    const sources = await loadChildren(work, pair.from, after);
    const copies = sources.map((source) => ({ source, copy: copyOf(work, step, source, pair.to) }));
    const heads = sources.flatMap((source) => source.head_version ?? []);
    const versions = new Map((await loadVersions(transaction, work.space.id, heads)).map((head) => [head.id, head]));
    const rows = copies.map(({ source, copy }) => {
      const head = source.head_version === null ? undefined : versions.get(source.head_version);
      return head === undefined ? copy : withHead(work, step, copy, head);
    });
    const sizeBytes = rows.reduce((sum, row) => sum + row.size, 0);
    const weightBytes = rows.reduce((sum, row) => sum + row.weight, work.changes.metadataBytes.at(-1) ?? 0);
    useBytes(work, copied.sizeBytes + sizeBytes);
    assertWeightRoom(work.space, copied.weightBytes + weightBytes);
    const raised = raisedBy(pair, rows);
    await insertNodes(transaction, rows);
    await updateReach(transaction, work.space.id, raised);
    await insertVersions(transaction, work.changes.versions);
    await changeBlockRefs(transaction, work.space.id, countOf(work.changes.blockRefs), work.nowMicros);
    await changeSegmentRefs(transaction, work.space.id, countOf(work.changes.segmentRefs), work.nowMicros);
    return {
      sizeBytes,
      weightBytes,
      folders: copies.flatMap(({ source, copy }) =>
        source.kind === "folder"
          ? [{ from: source.id, to: copy.id, name: copy.name, above: pair, reach: { names: 0, bytes: 0 } }]
          : [],
      ),
      raised,
      last: sources.length < work.pieces.copiedNodesMax ? undefined : sources.at(-1)?.id,
    };
  });
}

/** The folders of the copy that reach farther with these rows in one of them, and how far. */
export function raisedBy(pair: FolderPair, rows: readonly NodeRow[]): Map<FolderPair, Reach> {
  const raised = new Map<FolderPair, Reach>();
  let brought = rows
    .map(({ name }) => reachAbove(name, { names: 0, bytes: 0 }))
    .reduce(farthest, { names: 0, bytes: 0 });
  for (let folder: FolderPair | undefined = pair; folder !== undefined; folder = folder.above) {
    const reach = farthest(folder.reach, brought);
    if (reach.names === folder.reach.names && reach.bytes === folder.reach.bytes) break;
    raised.set(folder, reach);
    brought = reachAbove(folder.name, reach);
  }
  return raised;
}

function farthest(left: Reach, right: Reach): Reach {
  return { names: Math.max(left.names, right.names), bytes: Math.max(left.bytes, right.bytes) };
}

/** By the primary key. */
export async function updateReach(
  transaction: ShardReader,
  spaceId: SpaceId,
  raised: ReadonlyMap<FolderPair, Reach>,
): Promise<void> {
  if (raised.size === 0) return;
  const reaches = [...raised.values()];
  await sql`
    update shard.nodes n set names_below = v.names, bytes_below = v.bytes
    from (select ${spaceId}::uuid as space_id, given.* from unnest(
      ${uuidArray([...raised.keys()].map((folder) => folder.to))},
      ${int4Array(reaches.map(({ names }) => names))}, ${int4Array(reaches.map(({ bytes }) => bytes))})
    as given (id, names, bytes) offset 0) v
    where n.space_id = v.space_id and n.id = v.id`.execute(transaction);
}

export async function startPiece(
  transaction: ShardReader,
  { clock, random, pieces, spaceId }: TransactionPlace,
): Promise<Work> {
  const space = await lockSpace(transaction, spaceId);
  const tree = new Tree(transaction, space.id, space.root_id);
  const held = { heldBlocks: noHeldBlocks, heldSegments: new Set<never>(), counted: new Set<never>() };
  const measuring = { nodesLeft: 0, raised: new Set<never>() };
  return {
    reader: transaction,
    space,
    tree,
    changes: noChanges(),
    nowMicros: clock.nowMicros(),
    clock,
    random,
    pieces,
    ...held,
    measuring,
    rights: new Map(),
  };
}

/** Once the time has come the sweep may have begun, and nothing may be added. */
export async function renewLease({ reader, space, nowMicros }: Work, topId: NodeId): Promise<void> {
  const { numAffectedRows } = await sql`
    update shard.nodes set purged_at = ${nowMicros + leaseMicros}
    where space_id = ${space.id} and id = ${topId} and purged_at > ${nowMicros}`.execute(reader);
  if (numAffectedRows === 1n) return;
  throw new HoldfastError("unavailable", "The copy took too long and was given up. Try again.");
}

/** By nodes_parent. */
async function loadChildren(
  { reader, space, pieces }: Work,
  folder: NodeId,
  after: NodeId | undefined,
): Promise<NodeRow[]> {
  const { rows } = await sql<NodeRow>`
    select * from shard.nodes
    where space_id = ${space.id} and parent_id = ${folder} and (${after ?? null}::uuid is null or id > ${after ?? null})
      and trashed_at is null and kind <> 'mount'
    order by id limit ${pieces.copiedNodesMax}`.execute(reader);
  return rows;
}

function copyOf(work: Work, step: Step, source: NodeRow, parentId: NodeId | null): NodeRow {
  return {
    ...source,
    id: newId<NodeId>(work),
    parent_id: parentId,
    head_version: null,
    version_number: source.kind === "file" ? 0 : null,
    content_id: null,
    size: 0,
    names_below: 0,
    bytes_below: 0,
    revision: newRevision(work),
    seq: work.space.seq,
    device_id: step.caller.deviceId,
    operation_id: step.operation.operationId ?? null,
    created_at: work.nowMicros,
    updated_at: work.nowMicros,
    shared: false,
    editors_can_share: true,
  };
}

function withHead(work: Work, step: Step, copy: NodeRow, head: Awaited<ReturnType<typeof loadVersions>>[number]) {
  const version = addVersion(work, step, contentOf(head), { nodeId: copy.id, number: 1 });
  const { id, number, content_id, size } = version;
  return { ...copy, head_version: id, version_number: number, content_id, size };
}
