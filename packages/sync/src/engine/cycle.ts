import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Braked } from "../brakes/record.ts";
import type { Brakes } from "../brakes/brakes.ts";
import type { Hands } from "../execute/hands.ts";
import { foldersOfAct, makePersonActsDurable } from "../execute/person-acts.ts";
import { expireTrash } from "../execute/local-trash.ts";
import { reviewStash, stashDueMs } from "../execute/recover.ts";
import { affectedPortion } from "../planner/affected.ts";
import { plan } from "../planner/plan.ts";
import type { Plan } from "../planner/plan-types.ts";
import { rekeyAll } from "./rekeying.ts";
import { settle } from "../planner/settle.ts";
import { excludeBoundaries, pathsToFree } from "../rules/exclusion.ts";
import { type Freed, freeSpace } from "../rules/free-space.ts";
import { voidOffers, wake } from "../rules/dormancy.ts";
import { Visibility, visibleTrees } from "../rules/visibility.ts";
import { endShares } from "../shares/ending.ts";
import { withoutLost } from "../shares/hiding.ts";
import { fetchRemote } from "../remote/fetch.ts";
import type { EarlyBlocks } from "../remote/early-blocks.ts";
import { send } from "../remote/send.ts";
import { isKnownPath, knownPathOf, type Suspects } from "../scan/scope.ts";
import type { SyncState } from "../state/sync-state.ts";
import { isLive, nameOnDisk } from "../trees.ts";
import { joinPath, pathOf, withFoldersAbove } from "../paths.ts";
import { actAll, noteFailures, settleAside } from "./acting.ts";
import type { Looked } from "./look-parts.ts";
import { lookAtDisk } from "./looking.ts";
import type { LastingRefusals } from "./lasting-refusals.ts";
import type { Portions, Rounds } from "./portions.ts";
import type { Progress } from "./progress.ts";
import {
  isPassing,
  isPassingHere,
  type Problem,
  problemOf,
  problemsOfAliases,
  problemsOfAside,
  problemsOfBlocked,
  problemsOfBoundaries,
  problemsOfBrakes,
  problemsOfRefusals,
  problemsOfStash,
} from "./problems.ts";
import { problemsOfRehash } from "./rehash.ts";
import { checkRoot, type Identity } from "./root.ts";
import { ringedDepartures } from "../shares/crossing.ts";
import { hasArrived, problemsOfShares, type Quarantine, settleShares } from "./shares.ts";
import { problemsOfUnfit, type Skipped } from "./skipped.ts";
import type { QuietAges } from "./quiet-age.ts";
import type { DiskSpace } from "./space.ts";
import type { UnreadFiles } from "./unread.ts";
import type { StubbornChanges } from "./stubborn-changes.ts";
import type { Undurable } from "./undurable.ts";
import { Waits } from "./waits.ts";
import type { Suspicion } from "./suspicion.ts";

export interface CycleOutcome {
  /** Something was done or sent: what comes next is planned from what came of it. */
  readonly hasProgressed: boolean;
  /** When to look again unless something wakes it before; undefined: nothing is waited for. */
  readonly lookAgainMs: number | undefined;
  /** Something was in motion, or could not be read. */
  readonly isRestless: boolean;
  /** All that was restless could not be read: looking again often finds nothing new. */
  readonly isStuck: boolean;
  /** Refused for now: it is tried again within half a minute. An offer that never arrived is none: what it wanted is planned again, or not wanted any more. */
  readonly retriesSoon: boolean;
  readonly problems: readonly Problem[];
  readonly deletionsWaiting: number;
}

/** What came of it when space was last to be freed; undefined: it never was since the engine began. */
export interface Freeing {
  last: Freed | undefined;
  /** What stayed then, and before: until it is wanted again. */
  kept: ReadonlySet<string>;
}

export interface CycleContext extends Hands {
  readonly slotKey: (name: string) => string;
  readonly brakes: Brakes;
  readonly times: { nextExpiryMs: number };
  readonly freeing: Freeing;
  readonly identity: Identity;
  /** Whether the disk, if it deals its numbers out anew with each start, has done so since it was last looked at. */
  readonly numbering: { isNew: boolean };
  readonly progress: Progress;
  readonly suspicion: Suspicion;
  /** What has become suspect after a moment in which hints that belong together arrive. */
  readonly moreSuspects: () => Promise<Suspects>;
  readonly skipped: Skipped;
  readonly unread: UnreadFiles;
  readonly quietAges: QuietAges;
  readonly quarantine: Quarantine;
  readonly early: EarlyBlocks;
  readonly portions: Portions;
  readonly rounds: Rounds;
  readonly lasting: LastingRefusals;
  readonly stubborn: StubbornChanges;
  readonly undurable: Undurable;
  readonly freeSpace: (() => Promise<DiskSpace>) | undefined;
  /** Throws if somebody stopped the engine meanwhile: between operations is the time for it. */
  readonly checkStop: () => void;
}

const restlessMs = 60;
const expiryEveryMs = 3600_000;
const endingAgainMs = 30_000;
/** More than the folders that can stand in each other: those of a branch that comes back get new ids one level after the other. */
const rekeyingsMax = 2 * limits.pathNamesMax;

/** Listens, looks, decides, acts. */
export async function runCycle(context: CycleContext): Promise<CycleOutcome> {
  const { state } = context;
  await checkRoot(context);
  await fetchRemote(context);
  await settleAside(context);
  await reviewStash(context);
  await expireTrashAtTimes(context);
  state.forgetRefusals(context.nowMs());
  state.forgetOffers(context.nowMs());
  await freeChosen(context);
  const look = await lookAtDisk(context);
  noteLook(context, look);
  settleShares(state, look.rules, context);
  const tree = visibleTrees(state, new Visibility(state, look.rules, context.lacks));
  const ending = await endShares(context, tree, (path) => context.skipped.isKeeper(path));
  const waits = new Waits(context);
  context.rounds.begin(state.restless.fresh);
  const decision = await decide(context, look);
  const next = await waits.within(decision);
  const { last } = decision;
  const { waitingDeletions } = context.brakes;
  const later = last === undefined ? 0 : state.restless.fresh.countAfter(last);
  context.progress.expect(next.local.length + next.remote.length + next.waiting.size + waitingDeletions + later);
  const failures: Problem[] = [];
  const { done, changed: isChanging } = await actAll(context, next.local);
  const isEnding = noteFailures(context, ending.failures, failures);
  const { isSent, hasChanged } = await send(context, next.remote);
  const changed = isChanging || isEnding || hasChanged;
  const local = [...ending.operations, ...next.local];
  for (const operation of [...local, ...next.remote]) context.suspicion.add(suspectsOf(state, operation));
  if (hasChanged) context.suspicion.add(foldersOfActs(state, next.remote));
  await context.quarantine.note(
    context,
    local.some((each) => each.op === "delete" && each.into === "quarantine"),
  );
  const { stubborn, undurable, lasting } = context;
  const nowMs = context.nowMs();
  lasting.note(state.refusals, nowMs);
  const untilMs = [...waits.untilMs, ...stubborn.untilMs(nowMs), ...undurable.untilMs(nowMs)];
  // What could not be ended now, or got no name back, may be later.
  if (failures.length + state.parked.size > 0) untilMs.push(context.nowMs() + endingAgainMs);
  const isRestless = look.again === "all" || look.again.size > 0 || look.isUnsettled || changed;
  const refusals = wantedOf(state.refusals, decision, next);
  const hasProgressed = done > 0 || isSent || ending.operations.length > ending.failures.size;
  const isOver = !hasProgressed && !isRestless && untilMs.length + refusals.length + waitingDeletions === 0;
  const outcome: CycleOutcome = {
    hasProgressed,
    isRestless,
    isStuck: isRestless && !changed && context.unread.areLasting,
    lookAgainMs: isRestless ? restlessMs : whenToLookAgainMs(context, untilMs),
    retriesSoon: waits.isQuiet || retriesSoon(context, refusals, failures),
    problems: [
      ...failures,
      ...waits.problems,
      ...problemsKnown(context, next, { isOver, isWhole: last === undefined }),
    ],
    deletionsWaiting: waitingDeletions,
  };
  return context.rounds.turn(last, outcome, state.restless.fresh);
}

/**
 * @param isOver nothing goes on, so that what waits waits for a person
 * @param isWhole all that is fresh is in the plan: while much is fresh it is not gone through
 */
function problemsKnown(
  context: CycleContext,
  next: Plan,
  { isOver, isWhole }: { readonly isOver: boolean; readonly isWhole: boolean },
): Problem[] {
  const { state, lasting } = context;
  return [
    ...context.stubborn.problems,
    ...context.undurable.problems(state),
    ...problemsOfRefusals(state, state.refusals, (refusal) => lasting.has(refusal)),
    ...problemsOfBrakes(context.brakes),
    ...(isOver ? problemsOfBlocked(state, next.waiting) : []),
    ...[...context.freeing.kept].map((path) => problemOf(path, "kept", "")),
    ...context.unread.problems(context.nowMs()),
    ...context.skipped.problems(),
    ...(isWhole ? problemsOfUnfit(state, context.lacks) : []),
    ...problemsOfBoundaries(state),
    ...problemsOfAliases(state),
    ...problemsOfShares(state, next.waiting),
    ...context.quarantine.problems(),
    ...problemsOfRehash(state),
    ...problemsOfStash(state),
    ...problemsOfAside(state),
  ];
}

function retriesSoon(
  { stubborn, nowMs }: CycleContext,
  refusals: SyncState["refusals"],
  failures: readonly Problem[],
): boolean {
  // What waits for a folder that a person has to see to ends with that, and not before.
  const isLasting = refusals.some(({ code }) => !isPassing(code));
  return (
    refusals.some(({ code }) => isPassing(code) && !(code === "dependency" && isLasting)) ||
    stubborn.retriesSoon(nowMs()) ||
    failures.some(({ code }) => isPassingHere(code))
  );
}

/** What was refused and is planned no more rested on something that is over; what this plan is not about may still be wanted. */
function wantedOf(
  refusals: SyncState["refusals"],
  { isInPlan }: Decision,
  { remote, waiting }: Plan,
): SyncState["refusals"] {
  const planned = new Set(refusals.length === 0 ? [] : remote.map(({ id }) => id));
  return refusals.filter(({ nodeId: id }) => waiting.has(id) || planned.has(id) || !isInPlan(id));
}

/** What is to be looked at again, told of, and left alone from now on. */
function noteLook(context: CycleContext, look: Looked): void {
  const { state, suspicion, undurable, skipped, unread, freeing, nowMs } = context;
  suspicion.add(look.isUnsettled && look.isComplete ? "all" : look.again);
  undurable.forgetHidden(state);
  freeing.kept = new Set([...freeing.kept].filter((path) => look.rules.hides(path, false)));
  suspicion.add(undurable.suspects(state));
  skipped.note(look, (path) => isKnownPath(state, path) && !look.rules.hides(path, true));
  if (look.boundaries.size > 0) excludeBoundaries(state, look.boundaries);
  unread.note(look, nowMs());
}

/** What was planned and did not come about rested on something that is otherwise by now. */
function suspectsOf(state: SyncState, operation: Plan["local"][number] | Plan["remote"][number]): Suspects {
  if (!state.restless.has(operation.id)) return new Set();
  const folder = state.local.get(operation.id)?.parent ?? ("place" in operation ? operation.place.parent : undefined);
  const path = folder === undefined ? undefined : knownPathOf(state, folder);
  return new Set(path === undefined ? [] : withFoldersAbove(path));
}

/** One of them may have been moved away unseen, so that it could not be made durable that something left it or came into it. */
function foldersOfActs(state: SyncState, operations: Plan["remote"]): Suspects {
  return new Set(operations.flatMap(({ id }) => foldersOfAct(state, id)).flatMap(withFoldersAbove));
}

export interface Decision {
  readonly plan: Plan;
  /** The fresh node with which it ended; undefined: all of them are in it. */
  readonly last: NodeId | undefined;
  /** Whether it says what becomes of a node, if only that it is hidden; it does not of those that are fresh and of another portion. */
  readonly isInPlan: (id: NodeId) => boolean;
}

/** Settles and plans, until no node has to go by another id first. */
export async function decide(
  context: CycleContext,
  { isSure, rules }: Pick<Looked, "isSure" | "rules">,
): Promise<Decision> {
  const { state, device, slotKey, makeNodeId, brakes, undurable } = context;
  settleHidden(state, new Visibility(state, rules, context.lacks));
  settleShares(state, rules, context);
  for (let round = 0; round < rekeyingsMax; round += 1) {
    let visibility = new Visibility(state, rules, context.lacks);
    let { trees, last } = affected(context, visibility);
    const settlement = settle(trees);
    undurable.note(await makePersonActsDurable(context, [...settlement.synced.keys()]));
    const { synced, answered, seen } = undurable.without(settlement);
    // What could not be looked at may still turn out to be done.
    const found = seen.filter((id) => isSeen(state, isSure, id));
    if (synced.size + answered.length + found.length > 0) {
      state.commit({
        synced,
        offers: answered.map(({ operationId }) => [operationId, undefined] as const),
        intents: found.map((id) => [id, undefined] as const),
      });
      // A folder that was agreed on where it is now may show what was hidden in it.
      settleHidden(state, new Visibility(state, rules, context.lacks));
      visibility = new Visibility(state, rules, context.lacks);
      ({ trees, last } = affected(context, visibility));
    }
    const seenBy = visibility;
    const next = plan(undurable.asUnsettled(trees), {
      device,
      nowMs: context.nowMs(),
      slotKey,
      makeNodeId,
      seenSeqIn: (share) => (share === undefined ? state.cursor?.seq : state.cursor?.shareSeqs?.[share]) ?? 0,
      refusals: state.refusals,
      faults: context.faults,
      holdDeletions: (planned) => {
        const waiting = waitsForArrival(state, planned);
        const kept = planned.filter((each) => keepsHidden(context, seenBy, each) || waiting.has(each));
        // Moves do not count.
        const isMoved = ({ nodeId }: Braked): boolean =>
          isLive(state, state.departures.get(nodeId) ?? nodeId) && state.departures.has(nodeId);
        const free = planned.filter((each) => !kept.includes(each) && !isMoved(each));
        return new Set([...kept.map(({ nodeId }) => nodeId), ...brakes.holdDeletions(free)]);
      },
    });
    if (next.rekeyings.length === 0) {
      const isHidden = (id: NodeId): boolean => seenBy.hidesRemote(id) || seenBy.hidesLocal(id);
      const isInPlan = (id: NodeId): boolean =>
        !state.restless.fresh.has(id) || trees.remote.has(id) || trees.local.has(id) || isHidden(id);
      return { plan: undurable.within(brakes.holdRewrites(next)), last, isInPlan };
    }
    rekeyAll(state, next.rekeyings);
  }
  throw new HoldfastError("internal", "The same nodes got new ids again and again.");
}

/** What wakes, and what nobody has agreed on where it is hidden. */
function settleHidden(state: SyncState, visibility: Visibility): void {
  const { synced, dormant } = state.dormant.size === 0 ? nothingWoken : wake(state, visibility);
  const isNew = (id: NodeId): boolean => synced.has(id) || (!state.synced.has(id) && visibility.hidesRemote(id));
  const offers = voidOffers(state.offers, isNew);
  if (synced.size + dormant.size + offers.length > 0) state.commit({ synced, dormant, offers });
}

const nothingWoken: ReturnType<typeof wake> = { synced: new Map(), dormant: new Map() };

/** What was moved to another space stays on the server until it is there, unless what stands there waits for it in turn. */
function waitsForArrival(state: SyncState, planned: readonly Braked[]): ReadonlySet<Braked> {
  const waiting = planned.filter(({ nodeId, side }) => side === "server" && !hasArrived(state, nodeId));
  if (waiting.length === 0) return new Set();
  const ringed = ringedDepartures(state, state.departures);
  return new Set(waiting.filter(({ nodeId }) => !ringed.has(nodeId)));
}

/** Of what is fresh a portion. */
function affected(
  { state, portions, rounds }: CycleContext,
  visibility: Visibility,
): ReturnType<typeof affectedPortion> {
  const { restless } = state;
  const fresh = restless.fresh.after(rounds.after);
  return affectedPortion(withoutLost(visibleTrees(state, visibility)), restless, { fresh, rowsMax: portions.freshMax });
}

/** Whether the look could tell what came of an intent. */
function isSeen(state: SyncState, isSure: Looked["isSure"], id: NodeId): boolean {
  const place = state.intents.get(id)?.place;
  const folder = place === undefined ? undefined : knownPathOf(state, place.parent);
  return isSure(place === undefined || folder === undefined ? "" : joinPath(folder, nameOnDisk(place)));
}

/** A folder stays for what it holds beside the nodes that the planner sees; nobody is asked. */
function keepsHidden({ state, skipped }: CycleContext, visibility: Visibility, { nodeId, side }: Braked): boolean {
  if (side === "server") return visibility.hidesIn(state.childrenOf(nodeId), nodeId);
  // A file may have taken the place of a folder, of which no look tells any more.
  const path = state.local.get(nodeId)?.kind === "folder" ? pathOf(state, nodeId) : undefined;
  return path !== undefined && skipped.isKeeper(path);
}

/** What was excluded to free its space goes before it is hidden. */
async function freeChosen(context: CycleContext): Promise<void> {
  const { state } = context;
  const chosen = pathsToFree(state);
  if (chosen.length === 0) return;
  const freed = await freeSpace(context, chosen);
  context.freeing.last = freed;
  const isTold = (path: string): boolean => chosen.some((each) => `${path}/`.startsWith(`${each}/`));
  const before = [...context.freeing.kept].filter((path) => !isTold(path));
  context.freeing.kept = new Set([...before, ...freed.kept]);
  // More may have been chosen meanwhile.
  const left = pathsToFree(state).filter((path) => !chosen.includes(path));
  state.commit({ settings: [["to free", JSON.stringify(left)]] });
}

async function expireTrashAtTimes(context: CycleContext): Promise<void> {
  const { times, nowMs } = context;
  const leftMs = times.nextExpiryMs - nowMs();
  // More is left than ever is if the clock was set back since.
  if (leftMs > 0 && leftMs <= expiryEveryMs) return;
  await expireTrash(context);
  times.nextExpiryMs = nowMs() + expiryEveryMs;
}

function whenToLookAgainMs({ state, nowMs }: CycleContext, untilMs: readonly number[]): number | undefined {
  const times = [
    ...untilMs,
    ...[...state.stashed.values()].map(stashDueMs),
    ...state.refusals.map(({ notBeforeMs }) => notBeforeMs),
  ];
  const first = times.reduce((one, other) => Math.min(one, other), Infinity);
  return first === Infinity ? undefined : Math.max(restlessMs, first - nowMs());
}
