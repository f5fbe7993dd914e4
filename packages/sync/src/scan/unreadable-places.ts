import type { NodeId } from "@holdfast/core/ids";
import { folderOf, joinPath } from "@holdfast/sync-ports/paths";
import { knownPathOf, type LocalTree } from "../model/local-tree.ts";
import { type Intent, type LocalRow, nameOnDisk } from "../model/trees.ts";
import { isKnownPath } from "./scope.ts";
import type { Walk } from "./walk.ts";

export interface UnreadableInput {
  readonly tree: LocalTree;
  readonly isTransient: (path: string) => boolean;
}

/**
 * Keeps rows below unreadable paths. If such a path is new, missing items may be there.
 * @returns paths of the kept rows
 */
export function keepUnreadable(
  tree: LocalTree,
  rows: Map<NodeId, LocalRow>,
  { unknown, holdsMissing }: Pick<Walk, "unknown"> & { readonly holdsMissing: boolean },
  vanished: ReadonlyMap<NodeId, LocalRow>,
): string[] {
  if (unknown.size === 0) return [];
  const kept: string[] = [];
  for (const [id, row] of vanished) {
    const path = knownPathOf(tree, id);
    if (!holdsMissing && path !== undefined && !isUnknown(path, unknown)) continue;
    keepWithFolders(vanished, rows, id, row);
    if (path !== undefined) kept.push(path);
  }
  return kept;
}

/** True if a missing item may be at an unreadable path: at a new one, or briefly at any. */
export function mayHoldMissing(input: UnreadableInput, walk: Walk): boolean {
  return hasTransient(input, walk) || [...walk.unknown].some((path) => path !== "" && !isKnownPath(input.tree, path));
}

export function hasTransient(
  { isTransient }: Pick<UnreadableInput, "isTransient">,
  { unknown, denied }: Walk,
): boolean {
  return [...unknown].some((path) => path !== "" && !denied.has(path) && isTransient(path));
}

export function isUnknown(path: string, unknown: ReadonlySet<string>): boolean {
  for (let at = path; at !== ""; at = folderOf(at)) if (unknown.has(at)) return true;
  return unknown.has("");
}

/** True if the place could not be read. Nothing is in an unknown folder. */
export function isUnreadablePlace(tree: LocalTree, place: Intent["place"], unknown: ReadonlySet<string>): boolean {
  const folder = knownPathOf(tree, place.parent);
  return folder !== undefined && isUnknown(joinPath(folder, nameOnDisk(place)), unknown);
}

function keepWithFolders(
  vanished: ReadonlyMap<NodeId, LocalRow>,
  rows: Map<NodeId, LocalRow>,
  start: NodeId,
  row: LocalRow,
): void {
  let id = start;
  for (let at: LocalRow | undefined = row; at !== undefined && !rows.has(id); at = vanished.get(id)) {
    rows.set(id, { ...at, readState: "unsettled" });
    id = at.parent;
  }
}
