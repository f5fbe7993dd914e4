import { HoldfastError } from "@holdfast/core/errors";
import { type DeviceId, isId, type NodeId, type RewindId, type SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import { requireNotRoot } from "./apply-move.ts";
import { checkBase } from "./base.ts";
import { trash } from "./claim-name.ts";
import type { OperationOf } from "./operation-of.ts";
import { findNode } from "./place.ts";
import { requireAct, requireMovable, requireAllMovableBelow } from "./rights.ts";
import type { Applied, JournalEntry, Scope, Step, Work } from "./work.ts";
import { record } from "./record.ts";
import { conflictWith, requireLive } from "./conflict.ts";

export async function applyDelete(work: Work, step: Step<OperationOf<"delete">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  const found = await findNode(work, step, scope, operation.fileId, "file_id");
  requireNotRoot(work, found.row, "deleted");
  await requireMovable(work, step, found.row);
  await requireLive(work, step, found);
  await checkBase(work, step, found.row, operation);
  await requireSeen(work, step, found.row, operation.seen);
  // A mount shows another owner's folder, so it is removed permanently: there is nothing to restore.
  if (found.row.kind === "mount") return { nodeId: purge(work, step, found.row).id, created: false };
  await requireAllMovableBelow(work, step, found.row);
  return { nodeId: trash(work, step, found.row).id, created: false };
}

/** Only adds to the journal. A restored node needs no approval. */
export async function applyApprove(work: Work, step: Step<OperationOf<"approve">>, scope: Scope): Promise<Applied> {
  const removal = await removalOf(work, step);
  if (removal !== undefined) {
    requireDevice(step);
    work.changes.journal.push({
      ...removal,
      approved: true,
      actor: step.caller.userId,
      device_id: step.caller.deviceId,
    });
    return { nodeId: undefined, created: false };
  }
  const { row } = await findNode(work, step, scope, step.operation.fileId, "file_id");
  await requireAct(work, step, row, "own");
  if (row.trashed_at === null) throw notInTrash();
  requireDevice(step);
  const { parent_id: from_parent, trashed_at: from_trashed_at } = row;
  return { nodeId: record(work, step, row, { kind: "gone", from_parent, from_trashed_at }).id, created: false };
}

function requireDevice({ caller }: Step): void {
  if (caller.deviceId !== null) return;
  throw new HoldfastError("forbidden", "Only a device whose user approved the deletions can approve them.");
}

/**
 * Returns a second entry about a node that was permanently deleted. Its row is gone, so the first entry proves that the
 * node was in this space. Reads by the primary key.
 */
async function removalOf(work: Work, step: Step<OperationOf<"approve">>): Promise<Removal | undefined> {
  const { fileId, seen } = step.operation;
  if (seen === undefined || !isId(fileId) || !step.caller.owns) return undefined;
  const row = await work.tree.node(fileId as NodeId);
  if (row !== undefined && (await work.tree.standing(row)).state !== "gone") return undefined;
  const { rows } = await sql<{ node_id: NodeId; at: number }>`
    select node_id, at from shard.journal where space_id = ${work.space.id} and seq = ${seen}
      and node_id = ${fileId}::uuid and kind = 'gone' and from_name <> '' and not of_mount`.execute(work.reader);
  const [entry] = rows;
  // Written as if the node had been in the trash since then. Callers who see the folder above receive the removal but
  // not the approval.
  return entry === undefined ? undefined : { ...unchanged, node_id: entry.node_id, from_trashed_at: entry.at };
}

type Removal = Omit<JournalEntry, "approved" | "actor" | "device_id">;

const unchanged = {
  kind: "gone",
  from_parent: null,
  from_name: null,
  from_modified_at: null,
  from_executable: null,
  from_private: null,
  of_mount: false,
  rewind_id: null,
} as const;

/** Small subtrees are deleted later in the transaction, large ones piece by piece (`removal.ts`). */
export async function applyPurge(work: Work, step: Step<OperationOf<"purge">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  const { row, standing } = await findNode(work, step, scope, operation.fileId, "file_id");
  requireNotRoot(work, row, "deleted");
  await requireAct(work, step, row, "own");
  if (operation.trashedOnly && standing.state === "live") {
    throw notInTrash();
  }
  if (operation.unchangedSince !== undefined && row.seq > operation.unchangedSince) {
    throw await conflictWith(work, step, { code: "conflict", message: "It was restored, and trashed again.", row });
  }
  await checkBase(work, step, row, operation);
  await requireSeen(work, step, row, operation.seen);
  purge(work, step, row);
  return { nodeId: undefined, created: false };
}

function notInTrash(): HoldfastError {
  return new HoldfastError("not_found", "There is no such file or folder in the trash.", { field: "file_id" });
}

function purge(work: Work, step: Step, row: NodeRow): NodeRow {
  const trashed_at = row.trashed_at ?? work.nowMicros;
  const gone = { ...row, trashed_at, purged_at: work.nowMicros };
  work.changes.purged.push(row.id);
  return record(work, step, gone, { kind: "gone", from_parent: row.parent_id });
}

/** @throws HoldfastError subtree_changed, with the node that was to be deleted */
async function requireSeen(work: Work, step: Step, row: NodeRow, seen: number | undefined): Promise<void> {
  if (seen === undefined || !(await changedBelow(work, step, row, seen))) return;
  const message = "Another device has changed something in this folder that you have not seen yet.";
  throw await conflictWith(work, step, { code: "subtree_changed", message, row });
}

/**
 * Returns true if another device changed the node's subtree (for a file: the node itself) after `seen`. Without a
 * device, as for a script with a token, every change counts. For a rewind every change counts except its own.
 */
async function changedBelow(work: Work, step: Step, row: NodeRow, seen: number): Promise<boolean> {
  // A number beyond the journal's end dates from before the server was restored, and means nothing in this journal.
  if (seen > work.space.seq) return true;
  const device = step.caller.deviceId;
  const rewindId = step.operation.rewindId ?? null;
  const { changedNodesMax } = work.pieces;
  const stored = await changedSince(work.reader, work.space.id, { seen, device, rewindId, limit: changedNodesMax + 1 });
  if (stored.length > changedNodesMax) return true;
  const pending = work.changes.journal.filter(
    (entry, index) =>
      work.space.seq + index + 1 > seen &&
      (entry.device_id === null || entry.device_id !== device) &&
      (rewindId === null || entry.rewind_id !== rewindId),
  );
  const ids = new Set([...stored, ...pending.map((entry) => entry.node_id)]);
  await work.tree.loadNodes(ids);
  for (const id of ids) {
    if (await isBelow(work, id, row)) return true;
  }
  return false;
}

async function isBelow(work: Work, id: NodeId, row: NodeRow): Promise<boolean> {
  if (id === row.id) return row.kind !== "folder";
  const node = await work.tree.node(id);
  if (node === undefined) return false;
  return (await work.tree.lineage(node)).some((above) => above.id === row.id);
}

interface Since {
  readonly seen: number;
  readonly device: DeviceId | null;
  readonly rewindId: RewindId | null;
  readonly limit: number;
}

/** Index: the journal's primary key. */
async function changedSince(
  reader: ShardQueries,
  spaceId: SpaceId,
  { seen, device, rewindId, limit }: Since,
): Promise<NodeId[]> {
  const { rows } = await sql<{ node_id: NodeId }>`
    select distinct node_id from shard.journal
    where space_id = ${spaceId} and seq > ${seen} and (device_id is null or device_id is distinct from ${device}::uuid)
      and (${rewindId}::uuid is null or rewind_id is distinct from ${rewindId}::uuid)
    limit ${limit}`.execute(reader);
  return rows.map((row) => row.node_id);
}
