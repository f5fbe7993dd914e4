import type { NodeId } from "@holdfast/core/ids";
import type { Place, Rights, Shares } from "../trees.ts";
import { shareAt } from "./whereabouts.ts";

interface Tree {
  readonly rootId: NodeId;
  readonly shares: Shares;
  readonly rights: Rights;
}

type Places = { get(id: NodeId): Place | undefined };

/**
 * Whether the account may only read what stands in a folder: the nearest right on the way up to the mount counts, or else the mount's. In a
 * share that waits nothing may be done at all.
 */
export function isReadOnlyAt(tree: Tree, rows: Places, folder: NodeId): boolean {
  const mount = shareAt(tree, rows, folder);
  const share = mount === undefined ? undefined : tree.shares.get(mount);
  if (share === undefined || share.waits === true) return share !== undefined;
  if (tree.rights.size === 0) return share.isReadOnly;
  for (let at: NodeId | undefined = folder; at !== undefined && at !== mount; at = rows.get(at)?.parent) {
    const right = tree.rights.get(at);
    if (right !== undefined) return right.isReadOnly;
  }
  return share.isReadOnly;
}

/**
 * Whether nothing may be done with a node of one tree: what one may only read, and what stands in a folder of which that is so, as its name
 * and its place are that folder's. A mount is one's own.
 */
export function isReadOnly(tree: Tree, rows: Places, id: NodeId): boolean {
  const row = tree.shares.size === 0 || tree.shares.has(id) ? undefined : rows.get(id);
  if (row === undefined) return false;
  if (isReadOnlyAt(tree, rows, row.parent)) return true;
  return tree.rights.get(id)?.isReadOnly === true && shareAt(tree, rows, row.parent) !== undefined;
}
