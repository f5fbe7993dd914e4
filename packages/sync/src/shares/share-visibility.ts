import type { NodeId } from "@holdfast/core/ids";
import { basesBelow, shareOf } from "../model/enclosing-share.ts";
import { VisibleRows } from "../model/visible-rows.ts";
import { type IndexedTrees, isLive, type Place, samePlace, type Trees } from "../model/trees.ts";

type Rows = Pick<Trees, "rootId" | "remote" | "local" | "synced" | "shares">;

/**
 * Mounts ended by the account's own journal, by their entry or that of a folder above. A mount that moved locally out
 * of a deleted folder stays (rule 4), unless it is in another share, which cannot contain mounts.
 */
export function endedMounts(trees: Rows): NodeId[] {
  return [...trees.shares.keys()].filter((id) => {
    const row = trees.remote.get(id);
    if (row === undefined || row.trashed) return true;
    const [local, base] = [trees.local.get(id), trees.synced.get(id)?.place];
    const isMoved = local !== undefined && base !== undefined && !samePlace(local, base);
    const livesOn = isMoved && shareOf(trees, trees.local, id) === undefined;
    return !livesOn && !isLive(trees, id);
  });
}

/** Deleting a mount locally leaves the share and deletes nothing in it. */
export function leftMounts(trees: Rows): NodeId[] {
  return [...trees.shares.keys()].filter((id) => trees.synced.has(id) && !trees.local.has(id) && isLive(trees, id));
}

/** Bases below mounts deleted locally. Their content counts as left, never as deleted. */
export function leftBases(trees: IndexedTrees, left: readonly NodeId[]): [NodeId, undefined][] {
  return [...basesBelow(trees, left)].map((id) => [id, undefined]);
}

/**
 * Nothing is planned for ended, left and waiting shares. `execute/end-shares.ts` removes content of an ended share;
 * that of a left share goes with its mount; that of a waiting share is unknown.
 */
export function withoutUnavailableShares(trees: IndexedTrees): IndexedTrees {
  if (trees.shares.size === 0) return trees;
  const [ended, left] = [new Set(endedMounts(trees)), new Set(leftMounts(trees))];
  const waiting = new Set([...trees.shares].flatMap(([id, { waits }]) => (waits === true ? [id] : [])));
  if (ended.size + left.size + waiting.size === 0) return trees;
  const isBelow = (mounts: ReadonlySet<NodeId>, rows: { get(id: NodeId): Place | undefined }, id: NodeId): boolean => {
    if (mounts.size === 0) return false;
    const seen = new Set<NodeId>();
    for (let at = rows.get(id)?.parent; at !== undefined && !seen.has(at); at = rows.get(at)?.parent) {
      if (mounts.has(at)) return true;
      seen.add(at);
    }
    return false;
  };
  const isHidden = (id: NodeId): boolean =>
    ended.has(id) ||
    isBelow(ended, trees.local, id) ||
    isBelow(ended, trees.remote, id) ||
    isBelow(waiting, trees.local, id) ||
    isBelow(waiting, trees.remote, id) ||
    (isBelow(left, trees.remote, id) && !trees.local.has(id));
  const visible = (id: NodeId): boolean => !isHidden(id);
  return {
    ...trees,
    childrenOf: (folder) => trees.childrenOf(folder),
    local: new VisibleRows(trees.local, visible),
    remote: new VisibleRows(trees.remote, visible),
    synced: new VisibleRows(trees.synced, visible),
  };
}
