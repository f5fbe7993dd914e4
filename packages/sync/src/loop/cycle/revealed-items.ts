import type { NodeId } from "@holdfast/core/ids";
import type { MissingFeatures } from "../../model/missing-features.ts";
import type { Rules } from "../../rules/rules.ts";
import { Visibility } from "../../rules/visibility.ts";
import type { ScanResult } from "../../scan/scan-types.ts";
import { rowsBelow } from "../../model/local-tree.ts";
import type { SyncState } from "../../state/sync-state.ts";
import { type LocalRow, samePlace } from "../../model/trees.ts";

/** Hidden items that are visible since their folder was moved. They are unknown until the next scan. */
export function revealedByMoves(
  state: SyncState,
  { changes }: Pick<ScanResult, "changes">,
  { rules, missingFeatures }: { readonly rules: Rules; readonly missingFeatures: MissingFeatures },
): ReadonlyMap<NodeId, LocalRow> {
  const shown = new Map<NodeId, LocalRow>();
  const moved = rules.isPlain ? [] : [...changes].filter(([id, row]) => isMovedFolder(state, id, row));
  if (moved.length === 0) return shown;
  const get = (id: NodeId): LocalRow | undefined => (changes.has(id) ? changes.get(id) : state.local.get(id));
  const before = new Visibility(state, rules, missingFeatures);
  const { rootId, remote, synced } = state;
  const after = new Visibility({ rootId, remote, synced, local: { get } }, rules, missingFeatures);
  for (const [folder] of moved) {
    for (const [id, row] of rowsBelow(state, folder)) {
      const isNewHere = !changes.has(id) && row.readState !== "unsettled";
      if (isNewHere && before.hidesLocal(id) && !after.hidesLocal(id))
        shown.set(id, { ...row, readState: "unsettled" });
    }
  }
  return shown;
}

function isMovedFolder(state: SyncState, id: NodeId, row: LocalRow | undefined): boolean {
  const before = state.local.get(id);
  return row?.kind === "folder" && before !== undefined && !samePlace(before, row);
}
