import type { NodeId, VersionId } from "@holdfast/core/ids";
import type { JournalRow, NodeRow, VersionRow } from "../../base/db/shard-tables.ts";
import { brakedChange } from "./braked-change.ts";
import type { VersionContent } from "../content/content.ts";
import { assertWeightRoom, nodeWeight, versionWeight } from "../weight/metadata-bytes.ts";
import { raiseAbove } from "./reach.ts";
import { assertFree } from "../weight/used-bytes.ts";
import { newId, newRevision, type Step, type Work } from "./work.ts";
import { assertRoom } from "../weight/stored-bytes.ts";

/**
 * Stores a changed or new row in the tree and adds a journal entry. Updates revision, sequence number and time.
 * @throws HoldfastError quota if the row's weight grows beyond the quota
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
    // The caller's row may be older than the last change below it.
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

/** A device asked its user. A script with a token asks nobody, so its `approved` is ignored. */
function isApproved({ caller, operation }: Step): boolean {
  return caller.deviceId !== null && (operation.approved === true || operation.op === "approve");
}

type WhatWas = Pick<
  JournalRow,
  "from_name" | "from_trashed_at" | "from_modified_at" | "from_executable" | "from_private"
>;
/** Returns the old values that a change overwrites, so that the journal can reconstruct earlier states. */
function whatWas(before: NodeRow | undefined, after: NodeRow): WhatWas {
  if (before === undefined || before.purged_at !== null) {
    return { from_name: "", from_trashed_at: null, from_modified_at: null, from_executable: null, from_private: null };
  }
  // A permanently deleted node has no row, so the entry keeps its values.
  const removed = after.purged_at !== null;
  return {
    // The old name of a moved node is kept for people who can no longer see it.
    from_name: removed || before.name !== after.name || before.parent_id !== after.parent_id ? before.name : null,
    from_trashed_at: removed || before.trashed_at !== after.trashed_at ? before.trashed_at : null,
    from_modified_at: before.modified_at === after.modified_at ? null : before.modified_at,
    from_executable: before.executable === after.executable ? null : before.executable,
    from_private: before.private === after.private ? null : before.private,
  };
}

/** Infinite without a quota; negative if the quota was lowered. */
export function freeBytes({ space, changes }: Work): number {
  if (space.quota_bytes === null) return Infinity;
  return space.quota_bytes - space.used_bytes - (changes.usedBytes.at(-1) ?? 0);
}

/** @throws HoldfastError quota */
export function useBytes(work: Work, deltaBytes: number): void {
  const before = work.changes.usedBytes.at(-1) ?? 0;
  assertFree(freeBytes(work), deltaBytes);
  if (deltaBytes !== 0) work.changes.usedBytes.push(before + deltaBytes);
}

/** @throws HoldfastError quota */
export function addWeight({ space, changes }: Work, deltaBytes: number): void {
  const before = changes.metadataBytes.at(-1) ?? 0;
  if (deltaBytes > 0) assertWeightRoom(space, before + deltaBytes);
  if (deltaBytes !== 0) changes.metadataBytes.push(before + deltaBytes);
}

/** Adds a version and its references. @throws HoldfastError quota if its blocks do not fit */
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
    label_by: null,
    modified_at: null,
  };
  addWeight(work, versionWeight(version));
  work.changes.versions.push(version);
  countStored(work, content);
  for (const hash of content.blocks.keys()) work.changes.blockRefs.push(hash);
  work.changes.segmentRefs.push(...content.segmentHashes);
  return version;
}

/** Usually counts nothing, because blocks are counted when they are uploaded. */
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
