import type { NodeId } from "@holdfast/core/ids";
import { pathOf } from "./tree-paths.ts";
import type { LocalRow } from "./trees.ts";

/** The local tree with what stands directly in a folder at hand. */
export interface LocalTree {
  readonly rootId: NodeId;
  readonly local: ReadonlyMap<NodeId, LocalRow>;
  childrenOf(folder: NodeId): Iterable<NodeId>;
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
