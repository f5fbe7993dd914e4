import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Braked } from "../brakes/record.ts";
import type { Brakes } from "../brakes/brakes.ts";
import { makeDurable } from "../execute/durable.ts";
import { DiskChanged, type Hands } from "../execute/hands.ts";
import { makePersonActsDurable } from "../execute/person-acts.ts";
import { expireTrash } from "../execute/local-trash.ts";
import { reviewStash, stashRestMs } from "../execute/recover.ts";
import { affectedTrees } from "../planner/affected.ts";
import { plan } from "../planner/plan.ts";
import type { Plan } from "../planner/plan-types.ts";
import { rekey } from "../planner/rekey.ts";
import { settle } from "../planner/settle.ts";
import { excludeBoundaries, pathsToFree } from "../rules/exclusion.ts";
import { freeSpace } from "../rules/free-space.ts";
import { readRules } from "../rules/reading.ts";
import { applyRules, wake } from "../rules/dormancy.ts";
import type { Rules } from "../rules/rules.ts";
import { Visibility, visibleTrees } from "../rules/visibility.ts";
import { endShares } from "../shares/ending.ts";
import { withoutLost } from "../shares/hiding.ts";
import { fetchRemote } from "../remote/fetch.ts";
import { send } from "../remote/send.ts";
import { scan, type ScanResult } from "../scan/scan.ts";
import { localChanges } from "../scan/local-changes.ts";
import { isKnownPath, knownPathOf, type Suspects } from "../scan/scope.ts";
import type { SyncState } from "../state/sync-state.ts";
import { isLive, type LocalRow, nameOnDisk } from "../trees.ts";
import { joinPath, pathOf, withFoldersAbove } from "../paths.ts";
import { actAll, noteFailures } from "./acting.ts";
import type { Progress } from "./progress.ts";
import {
  isPassing,
  isPassingHere,
  type Problem,
  problemOf,
  problemsOfAliases,
  problemsOfBoundaries,
  problemsOfBrakes,
  problemsOfRefusals,
} from "./problems.ts";
import { problemsOfRehash } from "./rehash.ts";
import { checkRoot, type Identity } from "./root.ts";
import { hasArrived, problemsOfShares, type Quarantine, settleShares } from "./shares.ts";
import { problemsOfUnfit, type Skipped } from "./skipped.ts";
import type { QuietAges } from "./quiet-age.ts";
import type { DiskSpace } from "./space.ts";
import type { UnreadFiles } from "./unread.ts";
import type { StubbornChanges } from "./stubborn-changes.ts";
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

export interface CycleContext extends Hands {
  readonly slotKey: (name: string) => string;
  readonly brakes: Brakes;
  readonly times: { nextExpiryMs: number };
  /** Paths whose local copies stayed when space was to be freed. */
  readonly kept: string[];
  readonly identity: Identity;
  readonly progress: Progress;
  readonly suspicion: Suspicion;
  /** What has become suspect after a moment in which hints that belong together arrive. */
  readonly moreSuspects: () => Promise<Suspects>;
  readonly skipped: Skipped;
  readonly unread: UnreadFiles;
  readonly quietAges: QuietAges;
  readonly quarantine: Quarantine;
  readonly stubborn: StubbornChanges;
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
  await reviewStash(context);
  await expireTrashAtTimes(context);
  state.forgetRefusals(context.nowMs());
  state.forgetOffers(context.nowMs());
  await freeChosen(context);
  const look = await scanKnownRoot(context);
  const changes = await agreeable(context, look);
  context.doubt.isOpen = false;
  state.commit({ local: localChanges(state.local, changes) });
  const isUnsettled = [...changes.values()].some((row) => row?.sight === "unsettled");
  context.suspicion.add(isUnsettled && look.isComplete ? "all" : look.again);
  context.skipped.note(look, (path) => isKnownPath(state, path));
  if (look.boundaries.size > 0) excludeBoundaries(state, look.boundaries);
  context.unread.note(look, context.nowMs());
  settleShares(state, look.rules, context);
  const ending = await endShares(context, (path) => context.skipped.isKeeper(path));
  const waits = new Waits(context);
  const next = await waits.within(await decide(context, look));
  const { waitingDeletions } = context.brakes;
  context.progress.expect(next.local.length + next.remote.length + next.waiting.size + waitingDeletions);
  const failures: Problem[] = [];
  const { done, changed: isChanging } = await actAll(context, next.local);
  const changed = isChanging || noteFailures(context, ending.failures, failures);
  const sent = await send(context, next.remote);
  const local = [...ending.operations, ...next.local];
  for (const operation of [...local, ...next.remote]) context.suspicion.add(suspectsOf(state, operation));
  await context.quarantine.note(
    context,
    local.some((each) => each.op === "delete" && each.into === "quarantine"),
  );
  const { stubborn } = context;
  const untilMs = [...waits.untilMs, ...stubborn.untilMs(context.nowMs())];
  // What could not be ended now may be later.
  if (failures.length > 0) untilMs.push(context.nowMs() + endingAgainMs);
  const isRestless = look.again === "all" || look.again.size > 0 || isUnsettled || changed;
  return {
    hasProgressed: done > 0 || sent || ending.operations.length > ending.failures.size,
    isRestless,
    isStuck: isRestless && !changed && context.unread.areLasting,
    lookAgainMs: isRestless ? restlessMs : whenToLookAgainMs(context, untilMs),
    retriesSoon:
      waits.isQuiet ||
      state.refusals.some(({ code }) => isPassing(code)) ||
      stubborn.retriesSoon(context.nowMs()) ||
      failures.some(({ code }) => isPassingHere(code)),
    problems: [
      ...failures,
      ...stubborn.problems,
      ...problemsOfRefusals(state, state.refusals),
      ...problemsOfBrakes(context.brakes),
      ...context.kept.map((path) =>
        problemOf(path, "kept", "It holds something else than the server, so it stays here."),
      ),
      ...waits.problems,
      ...context.unread.problems(context.nowMs()),
      ...context.skipped.problems(),
      ...problemsOfUnfit(state, context.lacks),
      ...problemsOfBoundaries(state),
      ...problemsOfAliases(state),
      ...problemsOfShares(state, next.waiting),
      ...context.quarantine.problems(),
      ...problemsOfRehash(state),
    ],
    deletionsWaiting: waitingDeletions,
  };
}

export interface Look extends ScanResult {
  readonly rules: Rules;
}

/** @throws DiskChanged if the root is not the same one before and after; RootMismatch */
async function scanKnownRoot(context: CycleContext): Promise<Look> {
  const { device } = context.filesystem;
  const look = await scanRoot(context);
  context.checkStop();
  await checkRoot(context);
  if (context.filesystem.device !== device) throw new DiskChanged("The filesystem of the folder");
  return look;
}

/** Looks where something may have changed, as far as the rules show it. */
export async function scanRoot(context: CycleContext): Promise<Look> {
  const { disk, state } = context;
  const rules = await settleRules(context);
  const { intents, manifests } = state;
  const keepManifest: typeof manifests.keep = (content, blocks) => manifests.keep(content, blocks);
  const moreSuspects = (): Promise<Suspects> => context.moreSuspects();
  const isHidden: Rules["hides"] = (path, isFolder) => rules.hides(path, isFolder);
  const tree = visibleTrees(state, new Visibility(state, rules, context.lacks));
  const suspects = whereToLook(context);
  const look = await scan(disk, {
    ...context,
    tree,
    rows: state.local,
    intents,
    isHidden,
    isFree: (path) => rules.isPlain && !context.skipped.isAnyAt(path),
    keepManifest,
    suspects,
    moreSuspects,
    isPassing: (path) => context.unread.isPassing(path, context.nowMs()),
  });
  return { ...look, rules };
}

/** After a failure, and once an hour, everything. */
function whereToLook({ suspicion, doubt, state }: CycleContext): Suspects {
  const suspects = suspicion.take();
  return doubt.isOpen || state.local.size === 0 ? "all" : suspects;
}

/** While there is doubt about what was done to the disk, it is made durable before it is agreed on. */
async function agreeable(
  { state, disk, doubt }: CycleContext,
  { changes }: ScanResult,
): Promise<ScanResult["changes"]> {
  if (!doubt.isOpen || state.local.size + state.intents.size === 0) return changes;
  const { rootId, local, parked, intents } = state;
  const seen = new Map(changes);
  // What was intended may have been found before by a look that nothing was agreed on after.
  for (const id of intents.keys()) if (!seen.has(id) && local.has(id)) seen.set(id, local.get(id));
  const get = (id: NodeId): LocalRow | undefined => (seen.has(id) ? seen.get(id) : local.get(id));
  const durable = await makeDurable(disk, state, { rootId, local: { get }, parked }, seen);
  return new Map([...changes, ...durable]);
}

/** What was planned and did not come about rested on something that is otherwise by now. */
function suspectsOf(state: SyncState, operation: Plan["local"][number] | Plan["remote"][number]): Suspects {
  if (!state.restless.has(operation.id)) return new Set();
  const folder = state.local.get(operation.id)?.parent ?? ("place" in operation ? operation.place.parent : undefined);
  const path = folder === undefined ? undefined : knownPathOf(state, folder);
  return new Set(path === undefined ? [] : withFoldersAbove(path));
}

/** Settles and plans, until no node has to go by another id first. */
export async function decide(context: CycleContext, { isSure, rules }: Look): Promise<Plan> {
  const { state, device, slotKey, makeNodeId, brakes } = context;
  if (state.dormant.size > 0) state.commit(wake(state, new Visibility(state, rules, context.lacks)));
  settleShares(state, rules, context);
  for (let round = 0; round < rekeyingsMax; round += 1) {
    let visibility = new Visibility(state, rules, context.lacks);
    let trees = affectedTrees(withoutLost(visibleTrees(state, visibility)), state.restless);
    const { synced, answered, seen } = settle(trees);
    const [failure] = (await makePersonActsDurable(context, [...synced.keys()])).values();
    if (failure !== undefined) throw failure;
    // What could not be looked at may still turn out to be done.
    const found = seen.filter((id) => isSeen(state, isSure, id));
    if (synced.size + answered.length + found.length > 0) {
      state.commit({
        synced,
        offers: answered.map(({ operationId }) => [operationId, undefined] as const),
        intents: found.map((id) => [id, undefined] as const),
      });
      visibility = new Visibility(state, rules, context.lacks);
      trees = affectedTrees(withoutLost(visibleTrees(state, visibility)), state.restless);
    }
    const seenBy = visibility;
    const next = plan(trees, {
      device,
      nowMs: context.nowMs(),
      slotKey,
      makeNodeId,
      seenSeqIn: (share) => (share === undefined ? state.cursor?.seq : state.cursor?.shareSeqs?.[share]) ?? 0,
      refusals: state.refusals,
      faults: context.faults,
      holdDeletions: (planned) => {
        const kept = planned.filter((each) => keepsHidden(context, seenBy, each) || waitsForArrival(context, each));
        // Moves do not count.
        const isMoved = ({ nodeId }: Braked): boolean =>
          isLive(state, state.departures.get(nodeId) ?? nodeId) && state.departures.has(nodeId);
        const free = planned.filter((each) => !kept.includes(each) && !isMoved(each));
        return new Set([...kept.map(({ nodeId }) => nodeId), ...brakes.holdDeletions(free)]);
      },
    });
    if (next.rekeyings.length === 0) return brakes.holdRewrites(next);
    for (const rekeying of next.rekeyings) {
      const departures = [...state.departures].filter(([, to]) => to === rekeying.from);
      state.commit({ ...rekey(state, rekeying), departures: departures.map(([id]) => [id, rekeying.to] as const) });
    }
  }
  throw new HoldfastError("internal", "The same nodes got new ids again and again.");
}

/** What was moved to another space stays on the server until it is there. */
function waitsForArrival({ state }: CycleContext, { nodeId, side }: Braked): boolean {
  return side === "server" && !hasArrived(state, nodeId);
}

/** Whether the look could tell what came of an intent. */
function isSeen(state: SyncState, isSure: Look["isSure"], id: NodeId): boolean {
  const place = state.intents.get(id)?.place;
  const folder = place === undefined ? undefined : knownPathOf(state, place.parent);
  return isSure(place === undefined || folder === undefined ? "" : joinPath(folder, nameOnDisk(place)));
}

/** A folder stays for what it holds beside the nodes that the planner sees; nobody is asked. */
function keepsHidden({ state, skipped }: CycleContext, visibility: Visibility, { nodeId, side }: Braked): boolean {
  if (side === "server") return visibility.hidesIn(state.childrenOf(nodeId), nodeId);
  const path = pathOf(state, nodeId);
  return path !== undefined && skipped.isKeeper(path);
}

/** What was excluded to free its space goes before it is hidden. */
async function freeChosen(context: CycleContext): Promise<void> {
  const { state } = context;
  const chosen = pathsToFree(state);
  if (chosen.length === 0) return;
  const kept = await freeSpace(context, chosen);
  context.kept.length = 0;
  for (const path of kept) context.kept.push(path);
  state.commit({ settings: [["to free", "[]"]] });
}

/** Reads the rules, and lets a change of them do nothing but show and hide. */
async function settleRules(context: CycleContext): Promise<Rules> {
  const { state } = context;
  const { rules, text } = await readRules(context.disk, state);
  if (rules.digest !== state.setting("rules")) {
    context.suspicion.add("all");
    const changes = applyRules(state, rules, context);
    state.commit({
      ...changes,
      settings: [
        ["rules", rules.digest],
        ["ignore text", text],
      ],
    });
  }
  return rules;
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
    ...[...state.stashed.values()].map(({ sinceMs }) => sinceMs + stashRestMs),
    ...state.refusals.map(({ notBeforeMs }) => notBeforeMs),
  ];
  const first = times.reduce((one, other) => Math.min(one, other), Infinity);
  return first === Infinity ? undefined : Math.max(restlessMs, first - nowMs());
}
