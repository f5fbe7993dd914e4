import type { NodeId } from "@holdfast/core/ids";
import { isReadOnly, mayEdit } from "../model/rights.ts";
import { shareOf } from "../model/enclosing-share.ts";
import { isLive, type LocalRow, type RemoteRow, samePlace, type SyncedRow, type Trees } from "../model/trees.ts";

/** Change since the base. */
export type Change = "kept" | "moved" | "edited" | "deleted";

export type Existence =
  /** The node exists whatever happens to its folder, which is recreated if needed. */
  | "needed"
  /** The node exists exactly if its current folder does. */
  | "follows"
  | "absent";

/**
 * Decision table, as in electric's client; a missing cell does not compile. Rows: local changes; columns: server
 * changes. An edit with a move is `edited`. A folder deleted with its parent is `deleted` too and is distinguished
 * below.
 */
const existenceTable: Readonly<Record<Change, Readonly<Record<Change, Existence>>>> = {
  kept: { kept: "needed", moved: "needed", edited: "needed", deleted: "absent" },
  moved: { kept: "needed", moved: "needed", edited: "needed", deleted: "follows" },
  edited: { kept: "needed", moved: "needed", edited: "needed", deleted: "needed" },
  deleted: { kept: "absent", moved: "follows", edited: "needed", deleted: "absent" },
};

/** Items below a deleted one, not deleted themselves, follow their folder. */
const existenceTableBelow: typeof existenceTable = {
  ...existenceTable,
  kept: { ...existenceTable.kept, deleted: "follows" },
  deleted: { ...existenceTable.deleted, kept: "follows" },
};

export interface NodeDiff {
  readonly id: NodeId;
  readonly local: LocalRow | undefined;
  /** Live row. */
  readonly remote: RemoteRow | undefined;
  /** Live or trashed row. */
  readonly remoteRow: RemoteRow | undefined;
  readonly synced: SyncedRow | undefined;
  readonly onDisk: Change | "new" | "none";
  readonly onServer: Change | "new" | "none";
  readonly existence: Existence;
  /** This account can only read it. The server's state wins; local differences wait or yield. */
  readonly isReadOnly: boolean;
  /** Read-only, but the item's own right allows changing bytes and mode. */
  readonly mayEdit: boolean;
  /** Mount locally moved into a share. It returns to the account's own space. */
  readonly isMisplaced: boolean;
}

/** Covers nodes that are local, live on the server, or agreed. */
export function diffNodes(trees: Trees): ReadonlyMap<NodeId, NodeDiff> {
  const live = liveRows(trees);
  const ids = new Set([...live.keys(), ...trees.local.keys(), ...trees.synced.keys()]);
  return new Map([...ids].map((id) => [id, diffNode(trees, live, id)]));
}

function diffNode(trees: Trees, live: ReadonlyMap<NodeId, RemoteRow>, id: NodeId): NodeDiff {
  const local = trees.local.get(id);
  const remote = live.get(id);
  const synced = trees.synced.get(id);
  const remoteRow = trees.remote.get(id);
  const rights = rightsOf(trees, id, remoteRow);
  const rows = { id, local, remote, remoteRow, synced, ...rights };
  if (synced === undefined) {
    const onDisk = local === undefined ? "none" : "new";
    const onServer = remote === undefined ? "none" : "new";
    return { ...rows, onDisk, onServer, existence: "needed" };
  }
  const onDisk = changeOf(synced, local, local?.readState === "unsettled");
  const onServer = changeOf(synced, remote, false);
  return { ...rows, onDisk, onServer, existence: existenceOf(trees, { ...rows, onDisk, onServer }) };
}

function rightsOf(
  trees: Trees,
  id: NodeId,
  remoteRow: NodeDiff["remoteRow"],
): Pick<NodeDiff, "isReadOnly" | "mayEdit" | "isMisplaced"> {
  const free = { isReadOnly: false, mayEdit: false, isMisplaced: false };
  if (trees.shares.size === 0) return free;
  if (trees.shares.has(id)) return { ...free, isMisplaced: shareOf(trees, trees.local, id) !== undefined };
  const isServers = remoteRow !== undefined && isReadOnly(trees, trees.remote, id);
  // If the server lacks the node, the local place decides.
  const isHere = !isLive(trees, id) && isReadOnly(trees, trees.local, id);
  if (!isServers && !isHere) return free;
  return { ...free, isReadOnly: true, mayEdit: mayEdit(trees, trees.remote, id) };
}

function existenceOf(
  trees: Trees,
  diff: Omit<NodeDiff, "existence"> & { onDisk: Change; onServer: Change },
): Existence {
  const { onDisk, onServer } = diff;
  // Local changes of a read-only item have no effect.
  if (diff.isReadOnly) return onServer === "deleted" ? "absent" : "needed";
  const below = onDisk === "deleted" ? isBelowDeletion(trees, diff) : isBelowTrash(trees, diff);
  return (below ? existenceTableBelow : existenceTable)[onDisk][onServer];
}

/** Everything below a locally deleted folder is absent, so only the topmost counts as deleted itself. */
function isBelowDeletion(trees: Trees, { synced }: Pick<NodeDiff, "synced">): boolean {
  const parent = synced?.place?.parent;
  return parent !== undefined && parent !== trees.rootId && !trees.local.has(parent);
}

function isBelowTrash(trees: Trees, { id, remote, remoteRow }: Pick<NodeDiff, "id" | "remote" | "remoteRow">): boolean {
  return remote === undefined && remoteRow !== undefined && !remoteRow.trashed && id !== trees.rootId;
}

function changeOf(base: SyncedRow, row: LocalRow | RemoteRow | undefined, isUnsettled: boolean): Change {
  if (row === undefined) return "deleted";
  if (isUnsettled || row.content !== base.content || (row.kind === "file" && row.executable !== base.executable)) {
    return "edited";
  }
  return samePlace(row, base.place) ? "kept" : "moved";
}

function liveRows(trees: Trees): ReadonlyMap<NodeId, RemoteRow> {
  return new Map([...trees.remote].filter(([id]) => isLive(trees, id)));
}
