import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";

/** Finds the nodes of a zip in portions, each of which reads no more rows than a page of a list. */
export async function findManyNodes(
  shards: Shards,
  caller: Actor,
  ids: readonly NodeId[],
): Promise<Map<NodeId, PlacedNode>> {
  const found = new Map<NodeId, PlacedNode>();
  for (let start = 0; start < ids.length; start += limits.listItemsMax) {
    const portion = ids.slice(start, start + limits.listItemsMax);
    for (const [id, node] of await findNodes(shards, caller, portion)) found.set(id, node);
  }
  return found;
}
