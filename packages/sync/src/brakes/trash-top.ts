import type { NodeId } from "@holdfast/core/ids";
import type { RemoteRow } from "../model/trees.ts";

interface RemoteRows {
  get(id: NodeId): RemoteRow | undefined;
}

/** Returns the node itself, or the folder with which it was deleted. */
export function trashTopOf(remote: RemoteRows, nodeId: NodeId): NodeId | undefined {
  const passed = new Set<NodeId>();
  let row = remote.get(nodeId);
  for (let at = nodeId; row !== undefined && !passed.has(at); row = remote.get(at)) {
    if (row.trashed) return at;
    passed.add(at);
    at = row.parent;
  }
  return undefined;
}
