import { limits } from "@holdfast/core/limits";
import type { NodeId } from "@holdfast/core/ids";
import type { IndexedTrees, Place, Shares } from "./trees.ts";

interface Tree {
  readonly rootId: NodeId;
  readonly shares: Shares;
}

type Places = { get(id: NodeId): Place | undefined };

/** Returns the mount of a folder's share; undefined: the account's own space, which contains the mounts themselves. */
export function shareAt({ rootId, shares }: Tree, rows: Places, folder: NodeId): NodeId | undefined {
  if (shares.size === 0) return undefined;
  let at: NodeId | undefined = folder;
  for (let depth = 0; at !== undefined && at !== rootId && depth <= 2 * limits.pathNamesMax; depth += 1) {
    if (shares.has(at)) return at;
    at = rows.get(at)?.parent;
  }
  return undefined;
}

export function shareOf(tree: Tree, rows: Places, id: NodeId): NodeId | undefined {
  const row = tree.shares.size === 0 ? undefined : rows.get(id);
  return row === undefined ? undefined : shareAt(tree, rows, row.parent);
}

export function* basesBelow(trees: IndexedTrees, mounts: readonly NodeId[]): Generator<NodeId, void> {
  const waiting = [...mounts];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const child of trees.childrenOf(id)) {
      if (trees.remote.get(child)?.parent !== id) continue;
      waiting.push(child);
      if (trees.synced.has(child)) yield child;
    }
  }
}

/** Symbolic links count as files. */
export interface Deleted {
  readonly files: number;
  readonly folders: number;
}

/**
 * Counts the items that a server deletion removes. Items moved away locally are not removed. Deleting a mount removes
 * nothing from the share.
 */
export function deletedWith(trees: IndexedTrees, top: NodeId): Deleted {
  let [files, folders] = [0, 0];
  const waiting = [top];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const row = trees.remote.get(id);
    if (row === undefined || row.trashed || trees.local.has(id) || trees.shares.has(id)) continue;
    if (row.kind !== "folder") files += 1;
    else {
      folders += 1;
      for (const child of trees.childrenOf(id)) if (trees.remote.get(child)?.parent === id) waiting.push(child);
    }
  }
  return { files, folders };
}
