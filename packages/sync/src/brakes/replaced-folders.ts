import type { NodeId } from "@holdfast/core/ids";
import type { Braked } from "../model/brake-record.ts";
import { claimOf, type Place } from "../model/trees.ts";
import type { SyncState } from "../state/sync-state.ts";

/**
 * Deletions on the server of folders whose place here a link or a file has taken, and of all in them. A link mostly stands where a person moved
 * the folder to another disk, and did not delete it.
 */
export function inReplacedFolders(state: SyncState, planned: readonly Braked[]): ReadonlySet<NodeId> {
  const takenIn = new Map<NodeId, ReadonlySet<string>>();
  const isTaken = (place: Place): boolean => {
    const taken = takenIn.get(place.parent) ?? othersIn(state, place.parent);
    takenIn.set(place.parent, taken);
    return taken.has(claimOf(place));
  };
  const known = new Map<NodeId, boolean>();
  const isReplaced = (id: NodeId): boolean => {
    const before = known.get(id);
    if (before !== undefined) return before;
    // Rows that stand in each other end here.
    known.set(id, false);
    const base = state.synced.get(id);
    const parent = state.remote.get(id)?.parent;
    const isMissing = base?.kind === "folder" && !state.local.has(id);
    const is =
      (isMissing && base.place !== undefined && isTaken(base.place)) || (parent !== undefined && isReplaced(parent));
    known.set(id, is);
    return is;
  };
  return new Set(planned.flatMap(({ nodeId, side }) => (side === "server" && isReplaced(nodeId) ? [nodeId] : [])));
}

/** Claims of what stands directly in a folder here and is no folder. */
function othersIn(state: SyncState, parent: NodeId): ReadonlySet<string> {
  const claims = new Set<string>();
  for (const id of state.childrenOf(parent)) {
    const row = state.local.get(id);
    if (row?.parent === parent && row.kind !== "folder") claims.add(claimOf(row));
  }
  return claims;
}
