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

/** Another folder stands at that path than the one that was known there: what was known at it and below it is not. */
export function leaveOut(tops: Set<Top>, path: string): void {
  for (const top of tops) if (top.path === path || top.path.startsWith(`${path}/`)) tops.delete(top);
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

/** The folder at a path that is relative to another one, or the nearest above it. */
export function nearestKnown(tree: LocalTree, root: Top, path: string): Top {
  let at = root;
  for (const name of path.split("/").filter((each) => each !== "")) {
    const id = childNamed(tree, at.id, name);
    if (id === undefined || tree.local.get(id)?.kind !== "folder") return at;
    at = { id, path: at.path === "" ? name : `${at.path}/${name}` };
  }
  return at;
}

/** Beside what stands there, something may be kept under the name since it may stand where nothing can be seen. */
function childNamed(tree: LocalTree, folder: NodeId, name: string): NodeId | undefined {
  let kept: NodeId | undefined;
  for (const id of tree.childrenOf(folder)) {
    const row = tree.local.get(id);
    if (row?.parent !== folder || nameOnDisk(row) !== name) continue;
    if (row.sight !== "unsettled") return id;
    kept = id;
  }
  return kept;
}

/** Whether something is known to stand under that path. */
export function isKnownPath(tree: LocalTree, path: string): boolean {
  const at = nearestKnown(tree, { id: tree.rootId, path: "" }, folderOf(path));
  return at.path === folderOf(path) && childNamed(tree, at.id, path.slice(path.lastIndexOf("/") + 1)) !== undefined;
}

/** What is known to stand directly in a folder. */
export function* rowsIn(tree: LocalTree, folder: NodeId): Generator<readonly [NodeId, LocalRow]> {
  for (const id of tree.childrenOf(folder)) {
    const row = tree.local.get(id);
    if (row?.parent === folder) yield [id, row];
  }
}

/** All that is known below a folder, but for what is below those that are kept. */
export function* rowsBelow(
  tree: LocalTree,
  folder: NodeId,
  kept: ReadonlySet<NodeId> = new Set(),
): Generator<readonly [NodeId, LocalRow]> {
  for (const [id, row] of rowsIn(tree, folder)) {
    yield [id, row];
    if (row.kind === "folder" && !kept.has(id)) yield* rowsBelow(tree, id, kept);
  }
}

/** Where the node stands; undefined for one that hangs in the air. */
export function knownPathOf({ rootId, local }: LocalTree, id: NodeId): string | undefined {
  return id === rootId ? "" : pathOf({ rootId, local, parked: new Map() }, id);
}
