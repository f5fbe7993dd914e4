import type { NodeId } from "@holdfast/core/ids";
import { type IndexedTrees, isLive, type LocalRow, type RemoteRow, type SyncedRow } from "../model/trees.ts";
import { isPrivateIn } from "../model/privacy.ts";
import type { IdChange } from "./plan-types.ts";

/** undefined: the row is removed. */
export interface TreeChanges {
  readonly remote: Map<NodeId, RemoteRow | undefined>;
  readonly local: Map<NodeId, LocalRow | undefined>;
  readonly synced: Map<NodeId, SyncedRow | undefined>;
}

/**
 * Gives a local item with its content another id. The new folder restores nothing that the server's trash holds below
 * the old id. Content that must live was moved out of the old folder, as far as the base shows, and returns separately.
 */
export function changeId(trees: IndexedTrees, { from, to, merges, keepsContent, isRemainder }: IdChange): TreeChanges {
  const changes: TreeChanges = { remote: new Map(), local: new Map(), synced: new Map() };
  const local = trees.local.get(from);
  if (local !== undefined) changes.local.set(from, undefined).set(to, local);
  const baseThere = trees.synced.get(to);
  // Nobody made the item public that took the private item's place. Without privacy in the base, it merges as private.
  if (local?.isPrivate === false && baseThere !== undefined && isPrivateIn(baseThere)) {
    const { isPrivate: _opened, ...rest } = baseThere;
    changes.synced.set(to, rest);
  }
  if (merges === true) {
    for (const id of trees.childrenOf(from)) {
      const onDisk = trees.local.get(id);
      if (onDisk?.parent === from) changes.local.set(id, { ...onDisk, parent: to });
    }
    return changes;
  }
  changes.synced.set(from, undefined);
  if (isRemainder === true) changes.synced.set(to, trees.synced.get(from));
  for (const id of trees.childrenOf(from)) {
    const [onDisk, base, onServer] = [trees.local.get(id), trees.synced.get(id), trees.remote.get(id)];
    if (onDisk?.parent === from) changes.local.set(id, { ...onDisk, parent: to });
    const isKept = keepsContent === true && onDisk !== undefined && onServer?.trashed !== true;
    if (base?.place?.parent === from && !isKept)
      changes.synced.set(id, { ...base, place: { ...base.place, parent: to } });
    if (onServer?.parent === from && !isLive(trees, id)) changes.remote.set(id, { ...onServer, trashed: true });
  }
  return changes;
}
