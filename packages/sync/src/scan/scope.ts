import type { NodeId } from "@holdfast/core/ids";
import { type LocalTree, rowsIn } from "../model/local-tree.ts";
import { folderOf, joinPath } from "@holdfast/sync-ports/paths";
import { nameOnDisk } from "../model/trees.ts";

/** Folders that may have changed, relative to the root; `all` if unknown. */
export type DirtyPaths = ReadonlySet<string> | "all";

export function sizeOf(dirtyPaths: DirtyPaths): number {
  return dirtyPaths === "all" ? Infinity : dirtyPaths.size;
}

export function union(one: DirtyPaths, other: DirtyPaths): DirtyPaths {
  return one === "all" || other === "all" ? "all" : new Set([...one, ...other]);
}

export interface StartFolder {
  readonly id: NodeId;
  readonly path: string;
}

export function leaveOut(startFolders: Set<StartFolder>, path: string): void {
  for (const top of startFolders) if (top.path === path || top.path.startsWith(`${path}/`)) startFolders.delete(top);
}

/** Start folders of a scan, parents first: the known ones at the paths, or the nearest known ones above. */
export function startFoldersOf(tree: LocalTree, dirtyPaths: DirtyPaths): StartFolder[] {
  const root = { id: tree.rootId, path: "" };
  if (dirtyPaths === "all") return [root];
  const startFolders = new Map(nearestKnown(tree, root, [...dirtyPaths]).map((top) => [top.id, top]));
  return [...startFolders.values()].toSorted((one, other) => one.path.length - other.path.length);
}

/**
 * Returns the folder at each path, or the nearest one above. Follows all paths level by level, so that each folder is
 * read once.
 */
export function nearestKnown(tree: LocalTree, from: StartFolder, paths: readonly string[]): StartFolder[] {
  const ways = paths.map((path) => ({ names: path.split("/").filter((each) => each !== ""), at: from }));
  for (let [depth, going] = [0, ways]; going.length > 0; depth += 1) {
    const wanted = new Map<NodeId, Set<string>>();
    for (const { names, at } of going) {
      const name = names[depth];
      if (name !== undefined) wanted.set(at.id, (wanted.get(at.id) ?? new Set()).add(name));
    }
    const found = new Map([...wanted].map(([folder, names]) => [folder, childrenNamed(tree, folder, names)]));
    going = going.filter((way) => {
      const name = way.names[depth];
      const id = name === undefined ? undefined : found.get(way.at.id)?.get(name);
      if (name === undefined || id === undefined || tree.local.get(id)?.kind !== "folder") return false;
      way.at = { id, path: joinPath(way.at.path, name) };
      return true;
    });
  }
  return ways.map(({ at }) => at);
}

/** A kept row of unreadable content may have the visible item's name. */
function childrenNamed(tree: LocalTree, folder: NodeId, names: ReadonlySet<string>): Map<string, NodeId> {
  const present = new Map<string, NodeId>();
  const kept = new Map<string, NodeId>();
  for (const id of tree.childrenOf(folder)) {
    const row = tree.local.get(id);
    if (row?.parent !== folder || !names.has(nameOnDisk(row))) continue;
    const found = row.readState === "unsettled" ? kept : present;
    found.set(nameOnDisk(row), id);
  }
  return new Map([...kept, ...present]);
}

export function isKnownPath(tree: LocalTree, path: string): boolean {
  const [at] = nearestKnown(tree, { id: tree.rootId, path: "" }, [folderOf(path)]);
  const name = path.slice(path.lastIndexOf("/") + 1);
  return at?.path === folderOf(path) && childrenNamed(tree, at.id, new Set([name])).has(name);
}

export function hasKnownEntry(tree: LocalTree, path: string): boolean {
  const [at] = nearestKnown(tree, { id: tree.rootId, path: "" }, [path]);
  return at?.path === path && !rowsIn(tree, at.id).next().done;
}
