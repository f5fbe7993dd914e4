import type { NodeId } from "@holdfast/core/ids";
import { isReadOnly, mayEdit } from "../model/rights.ts";
import { shareOf } from "../model/whereabouts.ts";
import { isLive, type LocalRow, type RemoteRow, samePlace, type SyncedRow, type Trees } from "../model/trees.ts";

/** How one side stands towards the base, for one node that the base knows. */
export type Change = "kept" | "moved" | "edited" | "deleted";

/** What becomes of a node that the base knows. */
export type Fate =
  /** It is there whatever becomes of the folder that it stood in: that folder is made anew for it. */
  | "needed"
  /** It is there exactly if the folder in which it stands now is. */
  | "follows"
  | "absent";

/**
 * The decision, electric's way: a missing cell does not compile. Rows: what the disk did; columns: what the server did.
 * `moved` means only moved; an edit with a move is `edited`. Of folders the deletion of what stands above counts as
 * `deleted` too, and is told apart below.
 */
const fates: Readonly<Record<Change, Readonly<Record<Change, Fate>>>> = {
  kept: { kept: "needed", moved: "needed", edited: "needed", deleted: "absent" },
  moved: { kept: "needed", moved: "needed", edited: "needed", deleted: "follows" },
  edited: { kept: "needed", moved: "needed", edited: "needed", deleted: "needed" },
  deleted: { kept: "absent", moved: "follows", edited: "needed", deleted: "absent" },
};

/** What stands below something deleted, and was not deleted itself, goes where its folder goes. */
const fatesBelow: typeof fates = {
  ...fates,
  kept: { ...fates.kept, deleted: "follows" },
  deleted: { ...fates.deleted, kept: "follows" },
};

export interface Standing {
  readonly id: NodeId;
  readonly local: LocalRow | undefined;
  /** Live only. */
  readonly remote: RemoteRow | undefined;
  /** Also of the trash. */
  readonly remoteRow: RemoteRow | undefined;
  readonly synced: SyncedRow | undefined;
  readonly onDisk: Change | "new" | "none";
  readonly onServer: Change | "new" | "none";
  readonly fate: Fate;
  /** It stands where this account may only read: the server decides, and whatever else is here waits or gives way. */
  readonly isReadOnly: boolean;
  /** It stands so, but its bytes and its executable bit are this account's to change: there is a right at the file itself. */
  readonly mayEdit: boolean;
  /** A mount that stands in a share here: it belongs into the account's own space and goes back there. */
  readonly isMisplaced: boolean;
}

/** Every node that is on the disk or live on the server, or was agreed on. */
export function standingsOf(trees: Trees): ReadonlyMap<NodeId, Standing> {
  const live = liveRows(trees);
  const ids = new Set([...live.keys(), ...trees.local.keys(), ...trees.synced.keys()]);
  return new Map([...ids].map((id) => [id, standingOf(trees, live, id)]));
}

function standingOf(trees: Trees, live: ReadonlyMap<NodeId, RemoteRow>, id: NodeId): Standing {
  const local = trees.local.get(id);
  const remote = live.get(id);
  const synced = trees.synced.get(id);
  const remoteRow = trees.remote.get(id);
  const rights = rightsOf(trees, id, remoteRow);
  const rows = { id, local, remote, remoteRow, synced, ...rights };
  if (synced === undefined) {
    const onDisk = local === undefined ? "none" : "new";
    const onServer = remote === undefined ? "none" : "new";
    return { ...rows, onDisk, onServer, fate: "needed" };
  }
  const onDisk = changeOf(synced, local, local?.sight === "unsettled");
  const onServer = changeOf(synced, remote, false);
  return { ...rows, onDisk, onServer, fate: fateOf(trees, { ...rows, onDisk, onServer }) };
}

function rightsOf(
  trees: Trees,
  id: NodeId,
  remoteRow: Standing["remoteRow"],
): Pick<Standing, "isReadOnly" | "mayEdit" | "isMisplaced"> {
  const free = { isReadOnly: false, mayEdit: false, isMisplaced: false };
  if (trees.shares.size === 0) return free;
  if (trees.shares.has(id)) return { ...free, isMisplaced: shareOf(trees, trees.local, id) !== undefined };
  const isServers = remoteRow !== undefined && isReadOnly(trees, trees.remote, id);
  // Of what the server has not, or has no more, it counts where it is here.
  const isHere = !isLive(trees, id) && isReadOnly(trees, trees.local, id);
  if (!isServers && !isHere) return free;
  return { ...free, isReadOnly: true, mayEdit: mayEdit(trees, trees.remote, id) };
}

function fateOf(trees: Trees, standing: Omit<Standing, "fate"> & { onDisk: Change; onServer: Change }): Fate {
  const { onDisk, onServer } = standing;
  // What was done here to something that one may only read changes nothing.
  if (standing.isReadOnly) return onServer === "deleted" ? "absent" : "needed";
  const below = onDisk === "deleted" ? isBelowDeletion(trees, standing) : isBelowTrash(trees, standing);
  return (below ? fatesBelow : fates)[onDisk][onServer];
}

/** On the disk all below a deleted folder is absent, so only the topmost counts as deleted itself. */
function isBelowDeletion(trees: Trees, { synced }: Pick<Standing, "synced">): boolean {
  const parent = synced?.place?.parent;
  return parent !== undefined && parent !== trees.rootId && !trees.local.has(parent);
}

function isBelowTrash(trees: Trees, { id, remote, remoteRow }: Pick<Standing, "id" | "remote" | "remoteRow">): boolean {
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
