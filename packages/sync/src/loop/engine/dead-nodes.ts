import type { NodeId } from "@holdfast/core/ids";
import type { SyncState } from "../../state/sync-state.ts";
import { isLive } from "../../model/trees.ts";

const rowsMax = 4096;

/**
 * Forgets nodes below an item in the server's trash that are absent here. No plan needs them. A restore from the trash
 * lists them again.
 */
export class DeadNodes {
  #unsyncedCount = 0;

  /** Runs when the sync is idle. Reads the unsynced nodes only if their number has changed since the last run. */
  forget(state: SyncState): void {
    if (this.#unsyncedCount === unsyncedCountOf(state)) return;
    const [isInUse, above] = [usersOf(state), foldersAbove(state)];
    const dead: NodeId[] = [];
    for (const ids of [state.unsynced, state.unsynced.fresh.after("")]) {
      for (const id of ids) if (!isInUse(id) && !above.has(id) && isDead(state, id)) dead.push(id);
    }
    for (let start = 0; start < dead.length; start += rowsMax) {
      const gone = dead.slice(start, start + rowsMax).map((id) => [id, undefined] as const);
      state.commit({ remote: gone, synced: gone, rights: gone.filter(([id]) => state.rights.has(id)) });
    }
    this.#unsyncedCount = unsyncedCountOf(state);
  }
}

function isDead(state: SyncState, id: NodeId): boolean {
  const remote = state.remote.get(id);
  if (remote === undefined || remote.trashed) return false;
  if (state.local.has(id) || isLive(state, id)) return false;
  // Its name is taken when the folder returns, which a person may want if the folder exists here.
  if (state.local.has(remote.parent)) return false;
  return wentWithFolder(state, id);
}

/** A node deleted only here stays recorded as deleted, in case its folder returns. */
function wentWithFolder(state: SyncState, start: NodeId): boolean {
  let at: NodeId | undefined = start;
  const passed = new Set<NodeId>();
  while (at !== undefined && at !== state.rootId && !state.local.has(at) && !passed.has(at)) {
    passed.add(at);
    const base = state.synced.get(at);
    if (base === undefined) return true;
    at = base.place?.parent;
  }
  return false;
}

/** Returns server folders above items on the disk. They show which items belong to an ended share. */
function foldersAbove({ unsynced, local, remote }: SyncState): ReadonlySet<NodeId> {
  const above = new Set<NodeId>();
  for (const id of unsynced) {
    let at = local.has(id) ? remote.get(id)?.parent : undefined;
    for (; at !== undefined && !above.has(at); at = remote.get(at)?.parent) above.add(at);
  }
  return above;
}

function usersOf({ offers, intents, parked, dormant, departures, shares }: SyncState): (id: NodeId) => boolean {
  const offered = new Set(offers.map(({ nodeId }) => nodeId));
  const arriving = new Set(departures.values());
  return (id) => [offered, intents, parked, dormant, departures, arriving, shares].some((each) => each.has(id));
}

function unsyncedCountOf({ unsynced }: SyncState): number {
  return unsynced.size + unsynced.fresh.size;
}
