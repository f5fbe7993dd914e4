import type { NodeId } from "@holdfast/core/ids";
import type { SyncState } from "../state/sync-state.ts";
import { isLive } from "../model/trees.ts";

const rowsMax = 4096;

/**
 * What went with a folder: on the server it lies below something in the trash, without being in the trash itself, and the disk has
 * nothing of it. No plan has to do with it any more, yet it would be in each of them. What the trash brings back is listed again.
 */
export class DeadNodes {
  #unrest = 0;

  /** At rest; goes through what is not at rest only if that is otherwise than the last time. */
  forget(state: SyncState): void {
    if (this.#unrest === unrestOf(state)) return;
    const [isInUse, above] = [usersOf(state), foldersAbove(state)];
    const dead: NodeId[] = [];
    for (const ids of [state.restless, state.restless.fresh.after("")]) {
      for (const id of ids) if (!isInUse(id) && !above.has(id) && isDead(state, id)) dead.push(id);
    }
    for (let start = 0; start < dead.length; start += rowsMax) {
      const gone = dead.slice(start, start + rowsMax).map((id) => [id, undefined] as const);
      state.commit({ remote: gone, synced: gone, rights: gone.filter(([id]) => state.rights.has(id)) });
    }
    this.#unrest = unrestOf(state);
  }
}

function isDead(state: SyncState, id: NodeId): boolean {
  const remote = state.remote.get(id);
  if (remote === undefined || remote.trashed) return false;
  if (state.local.has(id) || isLive(state, id)) return false;
  // Its name is taken once the folder comes back, which a person may want of one that stands here.
  if (state.local.has(remote.parent)) return false;
  return wentWithFolder(state, id);
}

/** What was deleted here alone stays known as deleted, for when its folder comes back. */
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

/** In which something that is on the disk stands on the server: by them it is known to be in a share that ended. */
function foldersAbove({ restless, local, remote }: SyncState): ReadonlySet<NodeId> {
  const above = new Set<NodeId>();
  for (const id of restless) {
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

function unrestOf({ restless }: SyncState): number {
  return restless.size + restless.fresh.size;
}
