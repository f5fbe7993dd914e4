import type { NodeId } from "@holdfast/core/ids";
import type { LocalRow, RemoteRow, SyncedRow, Trees } from "../trees.ts";
import type { Rekeying } from "./plan-types.ts";

/** Rows that change; undefined: the row goes. */
export interface TreeChanges {
  readonly remote: Map<NodeId, RemoteRow | undefined>;
  readonly local: Map<NodeId, LocalRow | undefined>;
  readonly synced: Map<NodeId, SyncedRow | undefined>;
}

/**
 * What is on the disk under one id is another node from now on, with whatever lies in it. What the server's trash held
 * below the old id stays there, piece by piece: the new folder brings none of it back.
 */
export function rekey(trees: Trees, { from, to }: Rekeying): TreeChanges {
  const changes: TreeChanges = { remote: new Map(), local: new Map(), synced: new Map() };
  const local = trees.local.get(from);
  if (local !== undefined) changes.local.set(from, undefined).set(to, local);
  changes.synced.set(from, undefined);
  for (const [id, row] of trees.local) if (row.parent === from) changes.local.set(id, { ...row, parent: to });
  for (const [id, row] of trees.synced) {
    if (row.place?.parent === from) changes.synced.set(id, { ...row, place: { ...row.place, parent: to } });
  }
  for (const [id, row] of trees.remote) if (row.parent === from) changes.remote.set(id, { ...row, trashed: true });
  return changes;
}
