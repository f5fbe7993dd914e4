import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import { sql } from "kysely";
import { int4Array, uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { NodeRow, ShardQueries, VersionRow } from "../../base/db/shard-tables.ts";
import { contentOf } from "../content/content.ts";
import { foreignSource, noSuchSource } from "./foreign-source.ts";
import { lockContents } from "./hold-contents.ts";
import { loadVersions, lockSpace, noHeldBlocks } from "./load.ts";
import { assertWeightRoom } from "../weight/metadata-bytes.ts";
import { type Reach, reachAbove } from "./reach.ts";
import { sweepDetached } from "./removal.ts";
import { onlySeen, type PlacedNode } from "../read/placed-node.ts";
import { countBlocks } from "../weight/stored-bytes.ts";
import type { FolderCopy } from "./apply-copy.ts";
import { loadStepRights, placed, requireHarmless } from "./rights.ts";
import type { TransactionPlace } from "./transaction-place.ts";
import { Tree } from "./tree.ts";
import { type DetachedFolder, newId, newRevision, noChanges, type Step, type Work } from "./work.ts";
import { addVersion, useBytes } from "./record.ts";
import { insertNodes, insertVersions } from "./write.ts";
import { changeBlockRefs, changeSegmentRefs, countOf } from "../content/references.ts";

/** An unfinished copy has a removal time in the future, which each piece postpones. */
export const leaseMicros = 3600 * 1_000_000;

export interface FolderPair {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly name: string;
  readonly above: FolderPair | undefined;
  reach: Reach;
}

interface Copying {
  readonly place: TransactionPlace;
  readonly step: Step;
  readonly isStrangers: boolean;
  readonly copied: { topId: NodeId | undefined; sizeBytes: number; weightBytes: number };
}

/**
 * Copies in short transactions outside the tree; another commit attaches the top (`applyCopy`). After a crash
 * `sweepPurged` removes the rest by `purged_at`. A copy beyond the quota, which counts when attached, stops early.
 */
export async function copyFolder(
  place: TransactionPlace,
  step: Step,
  { copyFolder: source, isStrangers }: Omit<FolderCopy, "name">,
): Promise<DetachedFolder> {
  const copying: Copying = { place, step, isStrangers, copied: { topId: undefined, sizeBytes: 0, weightBytes: 0 } };
  const { copied } = copying;
  try {
    const topId = await copyTop(copying, source);
    const waiting: FolderPair[] = [];
    const top = { from: source.id, to: topId, name: source.name, above: undefined, reach: { names: 0, bytes: 0 } };
    if (source.kind === "folder") waiting.push(top);
    for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
      await copyChildren(copying, pair, waiting);
    }
    return { topId, sizeBytes: copied.sizeBytes, weightBytes: copied.weightBytes };
  } catch (error) {
    const { db, spaceId, clock, pieces } = place;
    if (copied.topId !== undefined) {
      await sweepDetached(db, spaceId, copied.topId, { nowMicros: clock.nowMicros(), pieces });
    }
    throw error;
  }
}

async function copyTop(copying: Copying, source: NodeRow): Promise<NodeId> {
  const { place, step, copied } = copying;
  const sources = [source];
  const heads = (await foreignSource(step.operation)?.heads(sources, place)) ?? [];
  return inTransaction(place.db, async (transaction) => {
    const work = await startPiece(transaction, place);
    const lease = { trashed_at: work.nowMicros, purged_at: work.nowMicros + leaseMicros };
    const [top] = await insertCopies(copying, work, { sources, heads }, { parent_id: null, ...lease });
    if (top === undefined) throw noSuchSource();
    copied.topId = top.copy.id;
    return top.copy.id;
  });
}

async function copyChildren(copying: Copying, pair: FolderPair, waiting: FolderPair[]): Promise<void> {
  let after: NodeId | undefined = undefined;
  do {
    await copying.place.blocks?.assertRoom?.(copying.place.spaceId, 0);
    const piece: Piece = await copyPiece(copying, pair, after);
    for (const [folder, reach] of piece.raised) folder.reach = reach;
    waiting.push(...piece.folders);
    after = piece.last;
  } while (after !== undefined);
}

interface Piece {
  readonly folders: readonly FolderPair[];
  readonly raised: ReadonlyMap<FolderPair, Reach>;
  readonly last: NodeId | undefined;
}

interface Brought {
  readonly sources: readonly NodeRow[];
  readonly heads: readonly VersionRow[];
}

async function copyPiece(copying: Copying, pair: FolderPair, after: NodeId | undefined): Promise<Piece> {
  const { place, step, copied } = copying;
  const brought = await bringOver(copying, pair, after);
  return inTransaction(place.db, async (transaction) => {
    const work = await startPiece(transaction, place);
    await renewLease(work, copied.topId);
    const { sources, heads } = brought ?? (await loadHere(work, step, pair, after));
    const made = await insertCopies(copying, work, { sources, heads }, { parent_id: pair.to });
    const raised = raisedBy(
      pair,
      made.map(({ copy }) => copy),
    );
    await updateReach(transaction, work.space.id, raised);
    return {
      folders: made
        .filter(({ source }) => source.kind === "folder")
        .map(({ source, copy }) => {
          return { from: source.id, to: copy.id, name: copy.name, above: pair, reach: { names: 0, bytes: 0 } };
        }),
      raised,
      last: sources.length < place.pieces.copiedNodesMax ? undefined : sources.at(-1)?.id,
    };
  });
}

/** Registers the blocks before the space is locked. */
async function bringOver(
  { place, step, isStrangers }: Copying,
  pair: FolderPair,
  after: NodeId | undefined,
): Promise<Brought | undefined> {
  const from = foreignSource(step.operation);
  if (from === undefined) return undefined;
  const sources = await from.children(pair.from, after, place.pieces.copiedNodesMax);
  if (isStrangers) for (const source of sources) requireHarmless(source);
  return { sources, heads: await from.heads(sources, place) };
}

async function loadHere(work: Work, step: Step, pair: FolderPair, after: NodeId | undefined): Promise<Brought> {
  const sources = await loadChildren(work, await sightOf(work, step, pair), pair.from, after);
  const heads = await loadVersions(
    work.reader,
    work.space.id,
    sources.flatMap((source) => source.head_version ?? []),
  );
  return { sources, heads };
}

/** Returns what a caller who does not own the space may now see in a folder. @throws HoldfastError not_found */
async function sightOf(work: Work, step: Step, { from, above }: FolderPair): Promise<Sight> {
  if (step.caller.owns) return {};
  const row = await work.tree.node(from);
  const rights = await loadStepRights(work.reader, work.space, [step]);
  const folder = row === undefined ? undefined : await placed({ ...work, rights }, step, row);
  if (folder === undefined && above === undefined) throw noSuchSource();
  return folder ?? "nothing";
}

type Sight = Pick<PlacedNode, "rights"> | "nothing";

interface Copied {
  readonly source: NodeRow;
  readonly copy: NodeRow;
}

/** Inserts copies in the order of the sources. Omits files that were permanently deleted meanwhile. */
async function insertCopies(
  { step, copied }: Copying,
  started: Work,
  { sources, heads }: Brought,
  place: Pick<NodeRow, "parent_id"> & Partial<NodeRow>,
): Promise<Copied[]> {
  const isForeign = foreignSource(step.operation) !== undefined;
  const { reader, space, nowMicros } = started;
  const heldBlocks = isForeign ? await lockContents(reader, space.id, heads.map(contentOf)) : started.heldBlocks;
  const work = { ...started, heldBlocks };
  const versions = new Map(heads.map((head) => [head.id, head]));
  const made = sources.flatMap((source) => {
    const copy = { ...copyOf(work, step, source), ...place };
    if (source.head_version === null) return [{ source, copy }];
    const head = versions.get(source.head_version);
    return head === undefined ? [] : [{ source, copy: withHead(work, step, copy, head) }];
  });
  const rows = made.map(({ copy }) => copy);
  const sizeBytes = copied.sizeBytes + rows.reduce((sum, row) => sum + row.size, 0);
  const heldBytes = work.changes.metadataBytes.at(-1) ?? 0;
  const weightBytes = copied.weightBytes + rows.reduce((sum, row) => sum + row.weight, heldBytes);
  useBytes(work, sizeBytes);
  assertWeightRoom(work.space, weightBytes);
  const { changes } = work;
  await insertNodes(reader, rows);
  await insertVersions(reader, changes.versions);
  await countBlocks(reader, space.id, changes.counted);
  await changeBlockRefs(reader, space.id, countOf(changes.blockRefs), nowMicros);
  await changeSegmentRefs(reader, space.id, countOf(changes.segmentRefs), nowMicros);
  Object.assign(copied, { sizeBytes, weightBytes });
  return made;
}

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

/** Index: the primary key. */
export async function updateReach(
  transaction: ShardQueries,
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
  transaction: ShardQueries,
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
    brakes: undefined,
  };
}

/** Postpones the removal time. After that time the sweep may have begun, so nothing may be added. */
export async function renewLease({ reader, space, nowMicros }: Work, topId: NodeId | undefined): Promise<void> {
  const { numAffectedRows } = await sql`
    update shard.nodes set purged_at = ${nowMicros + leaseMicros}
    where space_id = ${space.id} and id = ${topId} and purged_at > ${nowMicros}`.execute(reader);
  if (numAffectedRows !== 1n) throw tookTooLong();
}

function tookTooLong(): HoldfastError {
  return new HoldfastError("unavailable", "The copy took too long and was canceled. Try again.");
}

/** Index: nodes_parent. */
async function loadChildren(
  { reader, space, pieces }: Work,
  sight: Sight,
  folder: NodeId,
  after: NodeId | undefined,
): Promise<NodeRow[]> {
  if (sight === "nothing") return [];
  const { rows } = await sql<NodeRow>`
    select * from shard.nodes
    where space_id = ${space.id} and parent_id = ${folder} and (${after ?? null}::uuid is null or id > ${after ?? null})
      and trashed_at is null and kind <> 'mount' ${onlySeen(sight)}
    order by id limit ${pieces.copiedNodesMax}`.execute(reader);
  return rows;
}

function copyOf(work: Work, step: Step, source: NodeRow): NodeRow {
  return {
    ...source,
    space_id: work.space.id,
    id: newId<NodeId>(work),
    name_key: nameKey(source.name),
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
