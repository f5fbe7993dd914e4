import type { NodeId } from "@holdfast/core/ids";
import { pathOf } from "./tree-paths.ts";
import type { LocalRow } from "./trees.ts";

export interface LocalTree {
  readonly rootId: NodeId;
  readonly local: ReadonlyMap<NodeId, LocalRow>;
  childrenOf(folder: NodeId): Iterable<NodeId>;
}

export function* rowsIn(tree: LocalTree, folder: NodeId): Generator<readonly [NodeId, LocalRow]> {
  for (const id of tree.childrenOf(folder)) {
    const row = tree.local.get(id);
    if (row?.parent === folder) yield [id, row];
  }
}

/** Omits items below kept ones. */
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

/** Returns the path; undefined: the folders do not lead to the root. */
export function knownPathOf({ rootId, local }: LocalTree, id: NodeId): string | undefined {
  return id === rootId ? "" : pathOf({ rootId, local, parked: new Map() }, id);
}
