import type { NodeId } from "@holdfast/core/ids";
import { type IndexedTrees, isLive, type LocalRow, type RemoteRow, type SyncedRow } from "../model/trees.ts";
import { isPrivateIn } from "../model/privacy.ts";
import type { Rekeying } from "./plan-types.ts";

/** Rows that change; undefined: the row goes. */
export interface TreeChanges {
  readonly remote: Map<NodeId, RemoteRow | undefined>;
  readonly local: Map<NodeId, LocalRow | undefined>;
  readonly synced: Map<NodeId, SyncedRow | undefined>;
}

/**
 * What is on the disk under one id is another node from now on, with whatever lies in it. What the server's trash held
 * below the old id stays there, piece by piece: the new folder brings none of it back. What is to live in it was moved
 * out of the old one, as far as the base goes, and comes back by itself.
 */
export function rekey(trees: IndexedTrees, { from, to, merges, keepsContent, isRest }: Rekeying): TreeChanges {
  const changes: TreeChanges = { remote: new Map(), local: new Map(), synced: new Map() };
  const local = trees.local.get(from);
  if (local !== undefined) changes.local.set(from, undefined).set(to, local);
  const baseThere = trees.synced.get(to);
  // Nobody has opened what is in the place of a private item: without privacy in the base it is merged as private.
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
  if (isRest === true) changes.synced.set(to, trees.synced.get(from));
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
