import { limits } from "@holdfast/core/limits";
import type { NodeId } from "@holdfast/core/ids";
import { type DiskPlace, nameOnDisk, type Trees } from "./trees.ts";

export interface PathTable {
  readonly rootId: NodeId;
  readonly local: Pick<ReadonlyMap<NodeId, DiskPlace>, "get">;
  readonly parked: ReadonlyMap<NodeId, { readonly path: string }>;
}

/** More levels than any disk supports. */
const depthMax = 10_000;

/** Returns the local path; undefined: a folder is missing. */
export function pathOf(table: PathTable, id: NodeId): string | undefined {
  const names: string[] = [];
  for (let at = id; at !== table.rootId;) {
    const parked = table.parked.get(at);
    if (parked !== undefined) return [parked.path, ...names].join("/");
    const row = table.local.get(at);
    if (row === undefined) return undefined;
    names.unshift(nameOnDisk(row));
    at = row.parent;
    // Cyclic rows have no path; the next scan corrects them.
    if (names.length > depthMax) return undefined;
  }
  return names.join("/");
}

/** Returns a node and its local folders, from the bottom up, without the root. */
export function* selfAndAncestors(
  { rootId, local }: Pick<PathTable, "rootId" | "local">,
  id: NodeId,
): Generator<NodeId> {
  const passed = new Set<NodeId>([rootId]);
  for (let at: NodeId | undefined = id; at !== undefined && !passed.has(at); at = local.get(at)?.parent) {
    passed.add(at);
    yield at;
  }
}

/** Path to show to people: the local one, otherwise the former or future one. */
export function pathOfNode(
  trees: Pick<PathTable, "rootId" | "local"> & {
    readonly synced: Pick<Trees["synced"], "get">;
    readonly remote: Pick<Trees["remote"], "get">;
  },
  id: NodeId,
): string | undefined {
  const names: string[] = [];
  for (let at = id; at !== trees.rootId;) {
    const place: DiskPlace | undefined = trees.local.get(at) ?? trees.synced.get(at)?.place ?? trees.remote.get(at);
    if (place === undefined) return undefined;
    names.unshift(nameOnDisk(place));
    at = place.parent;
    if (names.length > limits.pathNamesMax * 2) return undefined;
  }
  return names.join("/");
}
