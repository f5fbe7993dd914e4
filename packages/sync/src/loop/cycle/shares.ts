import type { NodeId } from "@holdfast/core/ids";
import type { ExecutionContext } from "../../execute/execution-context.ts";
import { selfAndAncestors, pathOfNode } from "../../model/tree-paths.ts";
import type { Plan } from "../../plan/plan-types.ts";
import type { Rules } from "../../rules/rules.ts";
import { Visibility, visibleTrees } from "../../rules/visibility.ts";
import { nextSpaceMove, finishedDepartures, strandedBases } from "../../shares/space-moves.ts";
import { leftBases, leftMounts } from "../../shares/share-visibility.ts";
import type { SyncState } from "../../state/sync-state.ts";
import { addNotice } from "../../state/notices.ts";
import { type IndexedTrees, isLive } from "../../model/trees.ts";
import { type Problem, problemOf } from "../reports/problems.ts";

/** Gives items moved between spaces new ids before planning, and removes the base of items left with their share. */
export function settleShares(
  state: SyncState,
  rules: Rules,
  { makeNodeId, missingFeatures, nowMs }: Pick<ExecutionContext, "makeNodeId" | "missingFeatures" | "nowMs">,
): void {
  if (state.shares.size + state.departures.size === 0) return;
  const { unsynced, departures } = state;
  for (;;) {
    const trees = visibleTrees(state, new Visibility(state, rules, missingFeatures));
    const change = nextSpaceMove({ trees, unsynced, departures, makeNodeId });
    if (change === undefined) break;
    state.commit(change);
  }
  const trees = visibleTrees(state, new Visibility(state, rules, missingFeatures));
  noteArrivals(state, trees, nowMs());
  const stranded = strandedBases(trees, departures);
  const over = [...finishedDepartures(trees, departures), ...stranded];
  const synced = [...leftBases(state, leftMounts(trees)), ...stranded];
  if (over.length + synced.length > 0) state.commit({ synced, departures: over });
}

/** On an item's move to another owner, the server has new nodes without the old ones' history. */
function noteArrivals(state: SyncState, trees: IndexedTrees, atMs: number): void {
  const { departures } = state;
  const arrived = [...departures].flatMap(([id, to]) =>
    !isLive(trees, id) && isLive(trees, to) && trees.local.has(to) ? [to] : [],
  );
  const moved = new Set(departures.values());
  const files = new Map<NodeId, number>();
  for (const to of arrived) {
    const top = selfAndAncestors(trees, to).reduce((highest, above) => (moved.has(above) ? above : highest), to);
    files.set(top, (files.get(top) ?? 0) + (trees.local.get(to)?.kind === "file" ? 1 : 0));
  }
  for (const [top, count] of files) {
    const path = pathOfNode(trees, top);
    if (path !== undefined) addNotice(state, { atMs, path, code: "new_owner", counts: [count] });
  }
}

export function hasArrived(state: SyncState, id: Parameters<SyncState["departures"]["get"]>[0]): boolean {
  const to = state.departures.get(id);
  return to === undefined || isLive(state, to) || !state.local.has(to);
}

export function problemsOfShares(state: SyncState, waiting: Plan["waiting"]): Problem[] {
  return [
    ...[...waiting].flatMap(([id, reason]) =>
      reason === "read_only" ? [problemOf(pathOfNode(state, id) ?? id, "read_only", readOnly)] : [],
    ),
    ...[...state.shares].flatMap(([id, { waits }]) =>
      waits === true && isLive(state, id) ? [problemOf(pathOfNode(state, id) ?? id, "suspended", suspended)] : [],
    ),
  ];
}

const readOnly =
  "You have view-only access to the shared folder, so your changes stay on this device and are uploaded once you can edit it. Move private files to another folder.";
const suspended =
  "The account that shares the folder is suspended. Nothing in the folder is synced until the suspension ends, and your changes wait here.";
