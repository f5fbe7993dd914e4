import type { NodeId } from "@holdfast/core/ids";
import { folderOf, pathOf } from "../paths.ts";
import { type LocalRow, nameOnDisk } from "../trees.ts";

/** The local tree with what stands directly in a folder at hand. */
export interface LocalTree {
  readonly rootId: NodeId;
  readonly local: ReadonlyMap<NodeId, LocalRow>;
  childrenOf(folder: NodeId): Iterable<NodeId>;
}

/** Paths of folders in which something may have changed, relative to the root; all of them unless it is known. */
export type Suspects = ReadonlySet<string> | "all";

/** A known folder whose names are looked at. */
export interface Top {
  readonly id: NodeId;
  readonly path: string;
}

/**
 * Where a look begins: the folders that are known under those paths, or the nearest known one above each, those above
 * first.
 */
export function topsOf(tree: LocalTree, suspects: Suspects): Top[] {
  const root = { id: tree.rootId, path: "" };
  if (suspects === "all") return [root];
  const tops = new Map<NodeId, Top>();
  for (const path of suspects) {
    const top = nearestKnown(tree, root, path);
    tops.set(top.id, top);
  }
  return [...tops.values()].toSorted((one, other) => one.path.length - other.path.length);
}

function nearestKnown(tree: LocalTree, root: Top, path: string): Top {
  let at = root;
  for (const name of path.split("/").filter((each) => each !== "")) {
    const id = childNamed(tree, at.id, name);
    if (id === undefined || tree.local.get(id)?.kind !== "folder") return at;
    at = { id, path: at.path === "" ? name : `${at.path}/${name}` };
  }
  return at;
}

function childNamed(tree: LocalTree, folder: NodeId, name: string): NodeId | undefined {
  for (const id of tree.childrenOf(folder)) {
    const row = tree.local.get(id);
    if (row?.parent === folder && nameOnDisk(row) === name) return id;
  }
  return undefined;
}

/** Whether something is known to stand under that path. */
export function isKnownPath(tree: LocalTree, path: string): boolean {
  const at = nearestKnown(tree, { id: tree.rootId, path: "" }, folderOf(path));
  return at.path === folderOf(path) && childNamed(tree, at.id, path.slice(path.lastIndexOf("/") + 1)) !== undefined;
}

/** All that is known below a folder. */
export function* rowsBelow(tree: LocalTree, folder: NodeId): Generator<readonly [NodeId, LocalRow]> {
  for (const id of tree.childrenOf(folder)) {
    const row = tree.local.get(id);
    if (row?.parent !== folder) continue;
    yield [id, row];
    if (row.kind === "folder") yield* rowsBelow(tree, id);
  }
}

/** Where the node stands; undefined for one that hangs in the air. */
export function knownPathOf({ rootId, local }: LocalTree, id: NodeId): string | undefined {
  return id === rootId ? "" : pathOf({ rootId, local, parked: new Map() }, id);
}
