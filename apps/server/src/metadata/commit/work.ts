import type { Clock, Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type HashHex, makeId, type NodeId, type UploadId, type VersionId } from "@holdfast/core/ids";
import type { Actor } from "../actor.ts";
import type { JournalRow, NodeRow, ShardReader, SpaceRow, VersionRow } from "../../db/shard-tables.ts";
import type { NewContent, VersionContent } from "../content/content.ts";
import type { HeldBlocks } from "./load.ts";
import { assertWeightRoom, nodeWeight, versionWeight } from "../weight/metadata-bytes.ts";
import type { VersionFacts } from "../read/version-json.ts";
import { brakedChange } from "../brake/braked-change.ts";
import type { BrakedChange, DeviceBrakes } from "../brake/device-brakes.ts";
import type { RightsByActor } from "./rights.ts";
import type { Operation } from "./operation.ts";
import { raiseAbove } from "../weight/reach.ts";
import { assertRoom } from "../weight/stored-bytes.ts";
import { assertFree } from "../weight/used-bytes.ts";
import type { PieceSizes } from "./piece-sizes.ts";
import type { Tree } from "./tree.ts";

/** One operation on its way through a transaction. */
export interface Step<Kind extends Operation = Operation> {
  readonly caller: Actor;
  readonly operation: Kind;
  /** Of a put, encoded before the lock was taken; undefined if its splices name a base that is not there. */
  readonly content: NewContent | undefined;
  /** Found wrong before the lock was taken. */
  readonly refused: HoldfastError | undefined;
  /** Blocks of segments that the space does not hold, found before the lock was taken. */
  readonly missing: readonly HashHex[];
  /** Blocks of what it would make a version of that the store is known to have lost. */
  readonly lost: readonly HashHex[];
  /** Of a folder copy that stands ready outside the tree. */
  readonly attach: DetachedFolder | undefined;
  /** Of a caller who does not own the space: the blocks that it may use besides those that it has sent itself. */
  readonly named: ReadonlySet<HashHex> | undefined;
}

export interface DetachedFolder {
  readonly topId: NodeId;
  readonly sizeBytes: number;
  readonly weightBytes: number;
}

export type JournalEntry = Omit<JournalRow, "space_id" | "seq" | "tag" | "at" | "grantee_id">;

/** All that a transaction is going to write but the nodes, which the tree knows. Lists only grow, so that a mark is a few lengths. */
export interface Changes {
  readonly versions: VersionRow[];
  /** Versions of this transaction included; of one that has several the last counts. */
  readonly labels: { readonly versionId: VersionId; readonly label: string | null }[];
  readonly journal: JournalEntry[];
  /** One for each block, and one for each segment, that a new version refers to. */
  readonly blockRefs: HashHex[];
  readonly segmentRefs: HashHex[];
  readonly uploads: { readonly uploadId: UploadId; readonly nodeId: NodeId }[];
  readonly purged: NodeId[];
  /** What the space uses more than before, and what it weighs more, after each step that changed it. */
  readonly usedBytes: number[];
  readonly metadataBytes: number[];
  /** Blocks that begin to count as stored; what the space stores more than before, after each of them. */
  readonly counted: HashHex[];
  readonly storedBytes: number[];
  /** What counts against the devices that did it. */
  readonly braked: BrakedChange[];
}

/** What all steps of one transaction on one space share. */
export interface Work {
  readonly reader: ShardReader;
  readonly space: SpaceRow;
  readonly tree: Tree;
  readonly changes: Changes;
  readonly nowMicros: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly pieces: PieceSizes;
  /** Blocks and segments that the steps name and the space holds; locked. */
  readonly heldBlocks: HeldBlocks;
  readonly heldSegments: ReadonlySet<HashHex>;
  /** The members of `changes.counted`, made anew after a rollback. */
  readonly counted: Set<HashHex>;
  readonly measuring: Measuring;
  /** Of those whose space it is not. */
  readonly rights: RightsByActor;
  /** Undefined: nobody is braked. */
  readonly brakes: DeviceBrakes | undefined;
}

/** What trees were measured for in this transaction; a rollback may leave it stricter than it need be. */
export interface Measuring {
  nodesLeft: number;
  /** Folders below which something was placed. */
  readonly raised: Set<NodeId>;
}

/** The place of a step among the others. */
export interface Scope {
  /** Ids that failed creates of this request brought: what names them depends on them. */
  readonly failedIds: ReadonlySet<string>;
  /** Names are checked at the end of the group, so that a rotation may pass. */
  readonly inGroup: boolean;
}

/** The node that a step made or changed; undefined when it is gone. */
export interface Applied {
  readonly nodeId: NodeId | undefined;
  readonly created: boolean;
  /** Of who may not know that the name was taken: the one that was wanted. */
  readonly answeredName?: string | undefined;
  /** The version that it was about, as it is since. */
  readonly version?: VersionFacts;
}

export function noChanges(): Changes {
  return {
    versions: [],
    labels: [],
    journal: [],
    blockRefs: [],
    segmentRefs: [],
    uploads: [],
    purged: [],
    usedBytes: [],
    metadataBytes: [],
    counted: [],
    storedBytes: [],
    braked: [],
  };
}

export type Mark = readonly number[];

export function markWork({ tree, changes }: Work): Mark {
  return [tree.mark(), ...Object.values(changes).map((list: unknown[]) => list.length)];
}

export function rollbackWork({ tree, changes }: Work, [treeMark, ...lengths]: Mark): void {
  tree.rollback(treeMark ?? 0);
  for (const [index, list] of Object.values(changes).entries()) (list as unknown[]).length = lengths[index] ?? 0;
}

/**
 * Puts a changed or new row into the tree and an entry into the journal; renews what every change renews.
 * @throws HoldfastError quota where it weighs more than before and has no room
 */
export function record(
  work: Work,
  step: Step,
  row: NodeRow,
  entry: Pick<JournalRow, "kind"> & Partial<Pick<JournalRow, "from_parent" | "from_trashed_at">> = { kind: "changed" },
): NodeRow {
  const before = work.tree.known(row.id);
  work.changes.journal.push({
    node_id: row.id,
    kind: entry.kind,
    from_parent: entry.from_parent ?? null,
    ...whatWas(before, row),
    ...(entry.from_trashed_at === undefined ? {} : { from_trashed_at: entry.from_trashed_at }),
    of_mount: row.kind === "mount",
    rewind_id: step.operation.rewindId ?? null,
    approved: entry.kind === "gone" && isApproved(step),
    actor: step.caller.userId,
    device_id: step.caller.deviceId,
  });
  const weight = nodeWeight(row);
  addWeight(work, weight - (before?.weight ?? 0));
  const next: NodeRow = {
    ...row,
    weight,
    // What the caller has in hand may be from before something was placed below.
    names_below: before?.names_below ?? 0,
    bytes_below: before?.bytes_below ?? 0,
    seq: work.space.seq + work.changes.journal.length,
    revision: newRevision(work),
    updated_at: work.nowMicros,
  };
  const braked = work.brakes === undefined ? undefined : brakedChange(work, step, before, next);
  if (braked !== undefined) work.changes.braked.push(braked);
  work.tree.put(next);
  if (before?.parent_id !== next.parent_id || before.name !== next.name) {
    for (const id of raiseAbove(work.tree, next)) work.measuring.raised.add(id);
  }
  return next;
}

/** A person was asked on a device. A script with a token asks nobody, whatever it says. */
function isApproved({ caller, operation }: Step): boolean {
  return caller.deviceId !== null && (operation.approved === true || operation.op === "approve");
}

type WhatWas = Pick<JournalRow, "from_name" | "from_trashed_at" | "from_modified_at" | "from_executable">;

/** What a change takes away from a node, so that the journal tells how all was at any moment. A copy that is attached was not there. */
function whatWas(before: NodeRow | undefined, after: NodeRow): WhatWas {
  if (before === undefined || before.purged_at !== null) {
    return { from_name: "", from_trashed_at: null, from_modified_at: null, from_executable: null };
  }
  // Of what is removed for good no row will tell.
  const removed = after.purged_at !== null;
  return {
    // Of what was moved out of sight of somebody it says what that was called there.
    from_name: removed || before.name !== after.name || before.parent_id !== after.parent_id ? before.name : null,
    from_trashed_at: removed || before.trashed_at !== after.trashed_at ? before.trashed_at : null,
    from_modified_at: before.modified_at === after.modified_at ? null : before.modified_at,
    from_executable: before.executable === after.executable ? null : before.executable,
  };
}

/** That files may still take after what is done so far; infinite without a quota, below 0 where it was lowered. */
export function freeBytes({ space, changes }: Work): number {
  if (space.quota_bytes === null) return Infinity;
  return space.quota_bytes - space.used_bytes - (changes.usedBytes.at(-1) ?? 0);
}

/** @throws HoldfastError quota unless so many more bytes fit */
export function useBytes(work: Work, deltaBytes: number): void {
  const before = work.changes.usedBytes.at(-1) ?? 0;
  assertFree(freeBytes(work), deltaBytes);
  if (deltaBytes !== 0) work.changes.usedBytes.push(before + deltaBytes);
}

/** @throws HoldfastError quota unless so much more weight has room */
export function addWeight({ space, changes }: Work, deltaBytes: number): void {
  const before = changes.metadataBytes.at(-1) ?? 0;
  if (deltaBytes > 0) assertWeightRoom(space, before + deltaBytes);
  if (deltaBytes !== 0) changes.metadataBytes.push(before + deltaBytes);
}

/** Appends a version, and the references that it holds. @throws HoldfastError quota where its blocks have no room */
export function addVersion(
  work: Work,
  step: Step,
  content: VersionContent,
  place: { readonly nodeId: NodeId; readonly number: number },
): VersionRow {
  const version: VersionRow = {
    space_id: work.space.id,
    id: newId<VersionId>(work),
    node_id: place.nodeId,
    number: place.number,
    content_id: content.contentId,
    size: content.sizeBytes,
    manifest: content.manifest,
    segments: content.segments,
    created_by: step.caller.userId,
    device_id: step.caller.deviceId,
    operation_id: step.operation.operationId ?? null,
    created_at: work.nowMicros,
    label: null,
  };
  addWeight(work, versionWeight(version));
  work.changes.versions.push(version);
  countStored(work, content);
  for (const hash of content.blocks.keys()) work.changes.blockRefs.push(hash);
  work.changes.segmentRefs.push(...content.segmentHashes);
  return version;
}

/** Nearly always nothing: what is committed has come a moment ago, and counts since. */
function countStored(work: Work, { blocks }: VersionContent): void {
  const { space, heldBlocks, changes, counted } = work;
  const { sizes, uncounted } = heldBlocks;
  if (uncounted.size === 0) return;
  if (counted.size !== changes.counted.length) {
    counted.clear();
    for (const hash of changes.counted) counted.add(hash);
  }
  for (const hash of blocks.keys()) {
    if (!uncounted.has(hash) || counted.has(hash)) continue;
    const stored = (changes.storedBytes.at(-1) ?? 0) + (sizes.get(hash) ?? 0);
    assertRoom(space, stored);
    counted.add(hash);
    changes.counted.push(hash);
    changes.storedBytes.push(stored);
  }
}

export function newId<Id extends NodeId | VersionId>({ clock, random, space }: Work): Id {
  return makeId<Id>(bucketOf(space.id), clock.nowMs(), random(8));
}

export function newRevision({ random }: Pick<Work, "random">): string {
  return Buffer.from(random(16)).toString("hex");
}
