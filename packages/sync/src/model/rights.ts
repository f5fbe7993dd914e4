import type { NodeId } from "@holdfast/core/ids";
import type { Place, Rights, Shares } from "./trees.ts";
import type { NodeKind } from "@holdfast/sync-ports/ports";
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
  if (mount === undefined || share === undefined || share.waits === true) return share !== undefined;
  const granted = grantedAt(tree, rows, folder, mount);
  return (granted === undefined ? share : tree.rights.get(granted))?.isReadOnly === true;
}

/** Where the right to something in a share is given, by the id that the server knows; undefined: it is in the account's own space. */
export function givenAt(tree: Tree, rows: Places, id: NodeId): NodeId | undefined {
  const mount = shareAt(tree, rows, id);
  if (mount === undefined) return undefined;
  return grantedAt(tree, rows, id, mount) ?? tree.shares.get(mount)?.target;
}

/** The nearest below the mount; undefined: the right of the mount counts. */
function grantedAt({ rights }: Tree, rows: Places, folder: NodeId, mount: NodeId): NodeId | undefined {
  if (rights.size === 0) return undefined;
  for (let at: NodeId | undefined = folder; at !== undefined && at !== mount; at = rows.get(at)?.parent)
    if (rights.has(at)) return at;
  return undefined;
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

/**
 * Of what stands in a folder that one may only read: whether its bytes and its executable bit are one's to change all the same, since a right to that
 * is given at the file itself. Its name and its place are the folder's.
 */
export function mayEdit(
  tree: Tree,
  rows: { get(id: NodeId): (Place & { kind: NodeKind }) | undefined },
  id: NodeId,
): boolean {
  const row = rows.get(id);
  if (row?.kind !== "file" || tree.rights.get(id)?.isReadOnly !== false) return false;
  const mount = shareAt(tree, rows, row.parent);
  return mount !== undefined && tree.shares.get(mount)?.waits !== true;
}
