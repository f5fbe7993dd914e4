import type { NodeId } from "@holdfast/core/ids";
import { type Braked, brakeKey } from "../model/brake-record.ts";
import { slotOf, type Place } from "../model/trees.ts";
import type { SyncState } from "../state/sync-state.ts";
import { linkedFilesMin, rewriteWindowMs } from "./judge.ts";

/**
 * Marks server deletions whose local place is taken. A folder replaced by a link or file was probably moved to another
 * disk, so all its content is held. Files replaced by links are held if there are several within ten minutes.
 */
export function markReplaced(state: SyncState, planned: readonly Braked[], nowMs: number): readonly Braked[] {
  const { isInReplacedFolder, isLinked } = replacedIn(state);
  const there = planned.filter(({ side }) => side === "server");
  const linked = new Set(there.flatMap(({ nodeId }) => (isLinked(nodeId) ? [nodeId] : [])));
  const isLinkedTooOften = countLinked(state, linked, nowMs) >= linkedFilesMin;
  return planned.map((each): Braked => {
    if (each.side !== "server") return each;
    const { nodeId, base } = each;
    if (isInReplacedFolder(nodeId)) return { nodeId, base, side: "replaced" };
    if (!linked.has(nodeId)) return each;
    return { nodeId, base, side: isLinkedTooOften ? "replaced" : "server", isLinked: true };
  });
}

/** Counts planned files and files deleted in the last minutes, without approved ones. */
function countLinked({ brakes }: SyncState, planned: ReadonlySet<NodeId>, nowMs: number): number {
  if (planned.size === 0) return 0;
  const isApproved = (nodeId: NodeId): boolean =>
    brakes.get(brakeKey({ side: "replaced", nodeId }))?.standing === "approved";
  const counted = new Set([...planned].filter((id) => !isApproved(id)));
  for (const { nodeId, standing, atMs, isLinked } of brakes.values())
    if (isLinked === true && standing === "released" && atMs > nowMs - rewriteWindowMs) counted.add(nodeId);
  return counted.size;
}

function replacedIn(state: SyncState) {
  const occupantsIn = new Map<NodeId, Occupants>();
  const isOccupied = (place: Place, which: keyof Occupants): boolean => {
    const occupants = occupantsIn.get(place.parent) ?? occupantsOf(state, place.parent);
    occupantsIn.set(place.parent, occupants);
    return occupants[which].has(slotOf(place));
  };
  const isTaken = (id: NodeId, kind: "folder" | "file", by: keyof Occupants): boolean => {
    const base = state.synced.get(id);
    return base?.kind === kind && base.place !== undefined && !state.local.has(id) && isOccupied(base.place, by);
  };
  const known = new Map<NodeId, boolean>();
  const isInReplacedFolder = (id: NodeId): boolean => {
    const before = known.get(id);
    if (before !== undefined) return before;
    // Ends a cycle of rows.
    known.set(id, false);
    const parent = state.remote.get(id)?.parent;
    const is = isTaken(id, "folder", "others") || (parent !== undefined && isInReplacedFolder(parent));
    known.set(id, is);
    return is;
  };
  return { isInReplacedFolder, isLinked: (id: NodeId): boolean => isTaken(id, "file", "links") };
}

/** Name claims (`slotOf`) of the items directly in a local folder. */
interface Occupants {
  readonly others: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
}

function occupantsOf(state: SyncState, parent: NodeId): Occupants {
  const [others, links] = [new Set<string>(), new Set<string>()];
  for (const id of state.childrenOf(parent)) {
    const row = state.local.get(id);
    if (row?.parent !== parent || row.kind === "folder") continue;
    others.add(slotOf(row));
    if (row.kind === "symlink") links.add(slotOf(row));
  }
  return { others, links };
}
