import type { NodeId } from "@holdfast/core/ids";
import type { IdChange } from "../../plan/plan-types.ts";
import { changeId, type TreeChanges } from "../../plan/change-id.ts";
import { parkedUnder, type SyncState } from "../../state/sync-state.ts";

const rowsMax = 4096;

/** Equals applying one ID change after another, but commits unrelated ones together. */
export function changeIds(state: SyncState, idChanges: readonly IdChange[]): void {
  let changes = noChanges();
  let ends = new Map<NodeId, NodeId>();
  const flush = (): void => {
    const departures = [...state.departures].flatMap(([id, to]) => {
      const then = ends.get(to);
      return then === undefined ? [] : [[id, then] as const];
    });
    if (ends.size > 0) state.commit({ ...changes, departures, parked: parkedUnder(state, ends) });
    changes = noChanges();
    ends = new Map();
  };
  for (const idChange of idChanges) {
    const { from, to } = idChange;
    const touched = [from, to, ...state.childrenOf(from)];
    const isBound = touched.some((id) => ends.has(id) || tables.some((name) => changes[name].has(id)));
    if (isBound || changes.local.size >= rowsMax) flush();
    const more = changeId(state, idChange);
    for (const id of more.remote.keys()) changes.remote.set(id, more.remote.get(id));
    for (const id of more.local.keys()) changes.local.set(id, more.local.get(id));
    for (const id of more.synced.keys()) changes.synced.set(id, more.synced.get(id));
    ends.set(from, to);
  }
  flush();
}

const tables = ["remote", "local", "synced"] as const;

function noChanges(): TreeChanges {
  return { remote: new Map(), local: new Map(), synced: new Map() };
}
