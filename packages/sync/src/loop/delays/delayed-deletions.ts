import type { NodeId } from "@holdfast/core/ids";
import { folderOf, withFoldersAbove } from "@holdfast/sync-ports/paths";
import { type Braked, brakeKey, type BrakeRecord } from "../../model/brake-record.ts";
import { pathOfNode } from "../../model/tree-paths.ts";
import { slotOf, type Trees } from "../../model/trees.ts";
import { shareOf } from "../../model/enclosing-share.ts";
import type { DirtyPaths } from "../../scan/scope.ts";
import type { SyncState } from "../../state/sync-state.ts";
import { DebouncedGroup } from "./debounced-group.ts";

/** File managers delete a folder file by file, with pauses of some seconds. */
const quietMs = 10_000;
/** Longest wait, so that a program that keeps deleting does not block everything. */
const delayMaxMs = 600_000;

type Decided = ReadonlyMap<string, BrakeRecord>;

/**
 * Delays server deletions inside a mount until nothing has been deleted there for a while. The person may be removing
 * the mount itself, which leaves the share and deletes nothing in it.
 */
export class DelayedDeletions {
  readonly #quietMs: number;
  readonly #mounts = new Map<NodeId, DebouncedGroup>();
  #untilMs = new Map<NodeId, number>();

  constructor(quiet = quietMs) {
    this.#quietMs = quiet;
  }

  /**
   * @param planned deletions of the whole plan
   * @returns deletions that wait
   */
  delay(trees: Trees, decided: Decided, planned: readonly Braked[], nowMs: number): ReadonlySet<NodeId> {
    const byMount = Map.groupBy(newInMounts(trees, decided, planned), ({ mount }) => mount);
    for (const mount of this.#mounts.keys()) if (!byMount.has(mount)) this.#mounts.delete(mount);
    this.#untilMs = new Map();
    for (const [mount, deletions] of byMount) {
      const group = this.#mounts.get(mount) ?? new DebouncedGroup(this.#quietMs, delayMaxMs);
      this.#mounts.set(mount, group);
      const ids = deletions.map(({ id }) => id);
      for (const [id, untilMs] of group.note(ids, nowMs)) this.#untilMs.set(id, untilMs);
    }
    return new Set(this.#untilMs.keys());
  }

  /** Due times in Unix milliseconds. */
  get untilMs(): ReadonlyMap<NodeId, number> {
    return this.#untilMs;
  }
}

/** Folders scanned before a change is sent, to check that nothing else changed. */
export function foldersAround(state: SyncState, ids: Iterable<NodeId>): DirtyPaths {
  const paths = [...ids].flatMap((id) => pathOfNode(state, id) ?? []);
  return new Set([...new Set(paths.map(folderOf))].flatMap(withFoldersAbove));
}

/** Excludes replaced items, because their replacements would wait too. */
function newInMounts(
  trees: Trees,
  decided: Decided,
  planned: readonly Braked[],
): { readonly id: NodeId; readonly mount: NodeId }[] {
  if (trees.shares.size === 0) return [];
  const inMounts = planned.flatMap((each) => {
    const mount = each.side === "server" ? shareOf(trees, trees.remote, each.nodeId) : undefined;
    const isDecided = decided.get(brakeKey(each))?.base === each.base;
    return mount === undefined || isDecided ? [] : [{ id: each.nodeId, mount }];
  });
  if (inMounts.length === 0) return [];
  const claims = new Set([...trees.local].map(([, row]) => slotOf(row)));
  return inMounts.filter(({ id }) => {
    const place = trees.remote.get(id);
    return place === undefined || !claims.has(slotOf(place));
  });
}
