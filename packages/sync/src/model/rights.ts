import type { NodeId } from "@holdfast/core/ids";
import type { Place, Rights, Shares } from "./trees.ts";
import { shareAt } from "./enclosing-share.ts";

interface Tree {
  readonly rootId: NodeId;
  readonly shares: Shares;
  readonly rights: Rights;
}

type Places = { get(id: NodeId): Place | undefined };

/**
 * True if the account may only read the folder's content. The nearest right on the way up applies, otherwise the
 * mount's. A waiting share allows nothing.
 */
export function isReadOnlyAt(tree: Tree, rows: Places, folder: NodeId): boolean {
  const mount = shareAt(tree, rows, folder);
  const share = mount === undefined ? undefined : tree.shares.get(mount);
  if (mount === undefined || share === undefined || share.waits === true) return share !== undefined;
  const granted = grantedAt(tree, rows, folder, mount);
  return (granted === undefined ? share : tree.rights.get(granted))?.isReadOnly === true;
}

/** Server's id of the node that grants access; undefined: the account's own space. */
export function givenAt(tree: Tree, rows: Places, id: NodeId): NodeId | undefined {
  const mount = shareAt(tree, rows, id);
  if (mount === undefined) return undefined;
  return grantedAt(tree, rows, id, mount) ?? tree.shares.get(mount)?.target;
}

/** The nearest right below the mount; undefined: the mount's right applies. */
function grantedAt({ rights }: Tree, rows: Places, folder: NodeId, mount: NodeId): NodeId | undefined {
  if (rights.size === 0) return undefined;
  for (let at: NodeId | undefined = folder; at !== undefined && at !== mount; at = rows.get(at)?.parent)
    if (rights.has(at)) return at;
  return undefined;
}

/**
 * True if a node must not change: it is read-only, or in a read-only folder, which determines its name and place. A
 * mount belongs to the account.
 */
export function isReadOnly(tree: Tree, rows: Places, id: NodeId): boolean {
  const row = tree.shares.size === 0 || tree.shares.has(id) ? undefined : rows.get(id);
  if (row === undefined) return false;
  if (isReadOnlyAt(tree, rows, row.parent)) return true;
  return tree.rights.get(id)?.isReadOnly === true && shareAt(tree, rows, row.parent) !== undefined;
}

/** An item in a read-only folder may have its own right to change bytes and mode, but not name and place. */
export function mayEdit(tree: Tree, rows: Places, id: NodeId): boolean {
  const row = rows.get(id);
  if (row === undefined || tree.rights.get(id)?.isReadOnly !== false) return false;
  const mount = shareAt(tree, rows, row.parent);
  return mount !== undefined && tree.shares.get(mount)?.waits !== true;
}
