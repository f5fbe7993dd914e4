import type { NodeId } from "@holdfast/core/ids";
import { selfAndAncestors } from "../model/tree-paths.ts";
import type { SyncedRow } from "../model/trees.ts";

/** Synced files that become hidden. Nothing is deleted on any side. */
export interface NewlyHidden {
  readonly files: number;
  /** Grouped by the highest hidden folder, or the file itself if its folder is visible. Most files first. */
  readonly groups: readonly { readonly path: string; readonly kind: SyncedRow["kind"]; readonly files: number }[];
}

interface Bases {
  readonly rootId: NodeId;
  readonly synced: ReadonlyMap<NodeId, SyncedRow>;
  readonly dormant: ReadonlyMap<NodeId, true>;
}

/**
 * @param falling nodes that become dormant
 * @returns undefined if no further file becomes hidden
 */
export function newlyHidden(
  { rootId, synced, dormant }: Bases,
  falling: ReadonlyMap<NodeId, true | undefined>,
): NewlyHidden | undefined {
  const isNew = (id: NodeId): boolean => falling.get(id) === true && !dormant.has(id);
  const places = { rootId, local: { get: (id: NodeId) => synced.get(id)?.place } };
  const counts = new Map<NodeId, number>();
  for (const id of falling.keys()) {
    if (!isNew(id) || synced.get(id)?.kind === "folder") continue;
    let top = id;
    for (const above of selfAndAncestors(places, id)) {
      if (!isNew(above)) break;
      top = above;
    }
    counts.set(top, (counts.get(top) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  const groups = [...counts].map(([id, files]) => {
    const names = [...selfAndAncestors(places, id)].map((each) => synced.get(each)?.place?.name ?? "");
    return { path: names.toReversed().join("/"), kind: synced.get(id)?.kind ?? "file", files };
  });
  return {
    files: groups.reduce((sum, { files }) => sum + files, 0),
    groups: groups.toSorted((one, other) => other.files - one.files || (one.path < other.path ? -1 : 1)),
  };
}
