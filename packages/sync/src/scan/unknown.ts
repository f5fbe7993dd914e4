import type { NodeId } from "@holdfast/core/ids";
import { folderOf, joinPath } from "@holdfast/sync-ports/paths";
import { knownPathOf, type LocalTree } from "../model/local-tree.ts";
import { type Intent, type LocalRow, nameOnDisk } from "../model/trees.ts";
import { isKnownPath } from "./scope.ts";
import type { Walk } from "./walk.ts";

export interface StrangerInput {
  readonly tree: LocalTree;
  /** Whether what is unknown has been so for a moment only. */
  readonly isPassing: (path: string) => boolean;
}

/**
 * What lies below a path of which nothing can be told stays as it was, and nothing is done to it. If it is strange,
 * whatever is missing may be what stands there now. @returns the paths of what is kept
 */
export function keepUnknown(
  tree: LocalTree,
  rows: Map<NodeId, LocalRow>,
  { unknown, strange }: Pick<Walk, "unknown"> & { readonly strange: boolean },
  vanished: ReadonlyMap<NodeId, LocalRow>,
): string[] {
  if (unknown.size === 0) return [];
  const kept: string[] = [];
  for (const [id, row] of vanished) {
    const path = knownPathOf(tree, id);
    if (!strange && path !== undefined && !isUnknown(path, unknown)) continue;
    keepWithFolders(vanished, rows, id, row);
    if (path !== undefined) kept.push(path);
  }
  return kept;
}

/** Whether what is missing may stand where nothing can be seen: where nothing was known, or for a moment at any place. */
export function hasStranger(input: StrangerInput, walk: Walk): boolean {
  return hasPassing(input, walk) || [...walk.unknown].some((path) => path !== "" && !isKnownPath(input.tree, path));
}

/** Whether something cannot be looked at that could be a moment ago, or may be in the next. */
export function hasPassing({ isPassing }: Pick<StrangerInput, "isPassing">, { unknown, denied }: Walk): boolean {
  return [...unknown].some((path) => path !== "" && !denied.has(path) && isPassing(path));
}

export function isUnknown(path: string, unknown: ReadonlySet<string>): boolean {
  for (let at = path; at !== ""; at = folderOf(at)) if (unknown.has(at)) return true;
  return unknown.has("");
}

/** Of a folder that is not known any more nothing can stand in it. */
export function isUnseen(tree: LocalTree, place: Intent["place"], unknown: ReadonlySet<string>): boolean {
  const folder = knownPathOf(tree, place.parent);
  return folder !== undefined && isUnknown(joinPath(folder, nameOnDisk(place)), unknown);
}

/** The folders above that are missing too are kept with it. */
function keepWithFolders(
  vanished: ReadonlyMap<NodeId, LocalRow>,
  rows: Map<NodeId, LocalRow>,
  start: NodeId,
  row: LocalRow,
): void {
  let id = start;
  for (let at: LocalRow | undefined = row; at !== undefined && !rows.has(id); at = vanished.get(id)) {
    rows.set(id, { ...at, sight: "unsettled" });
    id = at.parent;
  }
}
