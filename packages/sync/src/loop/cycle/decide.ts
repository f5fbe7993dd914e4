import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Braked } from "../../model/brake-record.ts";
import { markReplaced } from "../../brakes/replaced.ts";
import { trashTopOf } from "../../brakes/trash-top.ts";
import { type DiskAndBase, makeUserChangesDurable } from "../../execute/user-changes.ts";
import { pathOf } from "../../model/tree-paths.ts";
import { joinPath } from "@holdfast/sync-ports/paths";
import { affectedPortion } from "../../plan/affected.ts";
import { plan } from "../../plan/plan.ts";
import { settle } from "../../plan/settle.ts";
import { voidOffers, wake } from "../../rules/dormancy.ts";
import { Visibility, visibleTrees } from "../../rules/visibility.ts";
import { knownPathOf } from "../../model/local-tree.ts";
import { cyclicDepartures } from "../../shares/space-moves.ts";
import { withoutUnavailableShares } from "../../shares/share-visibility.ts";
import type { SyncState } from "../../state/sync-state.ts";
import { isLive, nameOnDisk } from "../../model/trees.ts";
import type { CycleContext } from "../context/cycle-context.ts";
import { withoutHiddenCreations } from "./hidden-creations.ts";
import type { ScanSummary } from "./scan-parts.ts";
import { changeIds } from "./change-ids.ts";
import { hasArrived, settleShares } from "./shares.ts";
import type { Decision } from "./decision.ts";

/** Exceeds the maximum depth of folders. A returning branch gets new ids one level at a time. */
const idChangesMax = 2 * limits.pathNamesMax;

/** Settles and plans until no node needs a new id. */
export async function decide(
  context: CycleContext,
  { isCertain, rules }: Pick<ScanSummary, "isCertain" | "rules">,
): Promise<Decision> {
  const { state, device, slotKey, makeNodeId, brakes, nonDurable } = context;
  settleHidden(state, new Visibility(state, rules, context.missingFeatures));
  settleShares(state, rules, context);
  for (let round = 0; round < idChangesMax; round += 1) {
    let visibility = new Visibility(state, rules, context.missingFeatures);
    let { trees, last, hidden } = affected(context, visibility);
    const settlement = settle(trees);
    const agreed = [...settlement.synced.keys()];
    nonDurable.note(await makeUserChangesDurable({ ...context, state: visibleRows(state, visibility) }, agreed));
    const { synced, answered, seen } = nonDurable.without(settlement);
    // Unseen intents may still turn out to be done.
    const found = seen.filter((id) => isSeen(state, isCertain, id));
    if (synced.size + answered.length + found.length > 0) {
      state.commit({
        synced,
        offers: answered.map(({ operationId }) => [operationId, undefined] as const),
        intents: found.map((id) => [id, undefined] as const),
      });
      // An agreed folder may now show its hidden content.
      settleHidden(state, new Visibility(state, rules, context.missingFeatures));
      visibility = new Visibility(state, rules, context.missingFeatures);
      ({ trees, last, hidden } = affected(context, visibility));
    }
    const seenBy = visibility;
    const isRolledBack = brakes.isRolledBack(trees);
    const next = plan(nonDurable.asUnsettled(trees), {
      device,
      nowMs: context.nowMs(),
      slotKey,
      makeNodeId,
      isIdFor: context.isIdFor,
      seenSeqIn: (share) => (share === undefined ? state.cursor?.seq : state.cursor?.shareSeqs?.[share]) ?? 0,
      refusals: state.refusals,
      copyMadeOf: (id) => context.conflictCopies.of(id),
      holdDeletions: (planned) => {
        const waiting = waitsForArrival(state, planned);
        const kept = planned.filter((each) => keepsHidden(context, seenBy, each) || waiting.has(each));
        // Excludes moves between spaces, and deletions that a person decided on the server.
        const isMoved = ({ nodeId }: Braked): boolean =>
          isLive(state, state.departures.get(nodeId) ?? nodeId) && state.departures.has(nodeId);
        const free = planned.filter((each) => !kept.includes(each) && !isMoved(each) && !isDecided(state, each));
        const delayed = context.delayedDeletions.delay(trees, state.brakes, free, context.nowMs());
        const due = free.filter(({ nodeId }) => !delayed.has(nodeId));
        const held = brakes.holdDeletions(markReplaced(state, due, context.nowMs()), isRolledBack);
        return new Set([...kept.map(({ nodeId }) => nodeId), ...delayed, ...held]);
      },
    });
    if (next.idChanges.length === 0) {
      if (await context.earlierVersions.adopt(context, next)) continue;
      if (await context.earlierVersions.recall(context, brakes.suspectedRollbacks(next.remote))) continue;
      const isHidden = (id: NodeId): boolean => seenBy.hidesRemote(id) || seenBy.hidesLocal(id);
      const isInPlan = (id: NodeId): boolean =>
        !state.unsynced.fresh.has(id) || trees.remote.has(id) || trees.local.has(id) || isHidden(id);
      const shown = withoutHiddenCreations(state, rules, next);
      return { plan: nonDurable.filter(brakes.holdRewrites(shown)), last, hidden, isInPlan };
    }
    changeIds(state, next.idChanges);
  }
  throw new HoldfastError("internal", "The same files or folders got new IDs repeatedly.");
}

/** Omits hidden items of the disk, because their paths may be outdated. */
function visibleRows(state: SyncState, visibility: Visibility): DiskAndBase {
  const { rootId, parked, synced, dormant } = state;
  return { rootId, parked, synced, dormant, local: visibleTrees(state, visibility).local };
}

function settleHidden(state: SyncState, visibility: Visibility): void {
  const { synced, dormant } = state.dormant.size === 0 ? nothingWoken : wake(state, visibility);
  const isNew = (id: NodeId): boolean => synced.has(id) || (!state.synced.has(id) && visibility.hidesRemote(id));
  const offers = voidOffers(state.offers, isNew);
  if (synced.size + dormant.size + offers.length > 0) state.commit({ synced, dormant, offers });
}

const nothingWoken: ReturnType<typeof wake> = { synced: new Map(), dormant: new Map() };

/**
 * An item stays on the server until its move to another space has arrived there, unless an item there waits for it in
 * turn.
 */
function waitsForArrival(state: SyncState, planned: readonly Braked[]): ReadonlySet<Braked> {
  const waiting = planned.filter(({ nodeId, side }) => side === "server" && !hasArrived(state, nodeId));
  if (waiting.length === 0) return new Set();
  const cyclic = cyclicDepartures(state, state.departures);
  return new Set(waiting.filter(({ nodeId }) => !cyclic.has(nodeId)));
}

/** True if a person moved the node, or the folder with which it was deleted, to the server's trash. */
function isDecided({ remote, decided }: SyncState, { nodeId, side }: Braked): boolean {
  if (side !== "here" || decided.size === 0) return false;
  const top = trashTopOf(remote, nodeId);
  return top !== undefined && decided.has(top);
}

function affected(
  { state, memoryLimits, planRounds }: CycleContext,
  visibility: Visibility,
): ReturnType<typeof affectedPortion> {
  const { unsynced } = state;
  const fresh = unsynced.fresh.after(planRounds.after);
  return affectedPortion(withoutUnavailableShares(visibleTrees(state, visibility)), unsynced, {
    fresh,
    rowsMax: memoryLimits.freshMax,
  });
}

function isSeen(state: SyncState, isCertain: ScanSummary["isCertain"], id: NodeId): boolean {
  const place = state.intents.get(id)?.place;
  const folder = place === undefined ? undefined : knownPathOf(state, place.parent);
  return isCertain(place === undefined || folder === undefined ? "" : joinPath(folder, nameOnDisk(place)));
}

/** True for a folder that stays for hidden content, which needs no person. */
function keepsHidden({ state, skipped }: CycleContext, visibility: Visibility, { nodeId, side }: Braked): boolean {
  if (side === "server") return visibility.hidesIn(state.childrenOf(nodeId), nodeId);
  // A file may have taken the folder's place, which no scan reports.
  const path = state.local.get(nodeId)?.kind === "folder" ? pathOf(state, nodeId) : undefined;
  return path !== undefined && skipped.isKeeper(path);
}
