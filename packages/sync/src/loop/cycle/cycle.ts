import { knownPathOf } from "../../model/local-tree.ts";
import { pathOfNode } from "../../model/tree-paths.ts";
import { addNotice } from "../../state/notices.ts";
import { renewGeneration } from "../../execute/generation.ts";
import { foldersOfChange, makeUserChangesDurable } from "../../execute/user-changes.ts";
import { expireTrash } from "../../execute/local-trash.ts";
import { reviewStash, stashDueMs } from "../../execute/recover.ts";
import type { Plan } from "../../plan/plan-types.ts";
import { readRules } from "../ignore-rules/read-rules.ts";
import { excludeBoundaries, excludeOtherRoots, pathsToFree } from "../../state/exclusion.ts";
import { freeSpace } from "../../execute/free-space.ts";
import { Visibility, visibleTrees } from "../../rules/visibility.ts";
import { endShares } from "../../execute/end-shares.ts";
import { fetchRemote } from "../../remote/fetch.ts";
import { sendTrashAnswers } from "../../remote/send-trash-answers.ts";
import { send } from "../../remote/send.ts";
import type { SendContext } from "../../remote/send-context.ts";
import { isKnownPath, type DirtyPaths } from "../../scan/scope.ts";
import type { SyncState } from "../../state/sync-state.ts";
import { withFoldersAbove } from "@holdfast/sync-ports/paths";
import { decide } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { applyLocal, noteFailures, retryParked } from "./apply-local.ts";
import { fetchFirstRules } from "../ignore-rules/first-rules.ts";
import { applyWithRules, withoutHeldRules } from "../ignore-rules/foreign-rules.ts";
import type { ScanSummary } from "./scan-parts.ts";
import { scanDisk, scanUnderPreviousRules } from "./scan-disk.ts";
import { bytesOfPlan } from "../reports/progress.ts";
import {
  isTransient,
  isTransientHere,
  type Problem,
  problemOf,
  problemsOfAliases,
  problemsOfAside,
  problemsOfBlocked,
  problemsOfBoundaries,
  problemsOfBrakes,
  problemsOfNotices,
  problemsOfRefusals,
  problemsOfRules,
  problemsOfStash,
} from "../reports/problems.ts";
import { problemsOfRehash } from "../tracking/rehash.ts";
import { checkRoot } from "../access/root.ts";
import { muchBytesMin, smallFirst } from "./small-first.ts";
import { problemsOfShares, settleShares } from "./shares.ts";
import { problemsOfUnfit } from "../tracking/skipped-items.ts";
import { PlanDelays } from "./plan-delays.ts";
import type { CycleOutcome } from "../reports/cycle-outcome.ts";
import type { CycleContext } from "../context/cycle-context.ts";

const unstableMs = 60;
/** Planning takes up to a third of a second if very much has changed. */
const budgetMs = 10_000;
/** Less than the hour between two idle scans, so that each of those can expire the trash. */
const expiryEveryMs = 55 * 60_000;
const endingAgainMs = 30_000;
export async function runCycle(context: CycleContext): Promise<CycleOutcome> {
  const { state } = context;
  context.progress.begin();
  await checkRoot(context);
  await fetchRemote(context);
  if (await sendAllTrashAnswers(context)) await fetchRemote(context);
  await retryParked(context);
  // Before files of a new share arrive, the folder must name the share. Otherwise a restored state would count them as
  // this account's own.
  if (state.areMountsNewer) await renewGeneration(context);
  await reviewStash(context);
  await expireTrashAtTimes(context);
  state.forgetRefusals(context.nowMs());
  state.forgetOffers(context.nowMs());
  await prepareRules(context);
  const scanned = await scanDisk(context);
  noteScan(context, scanned);
  settleShares(state, scanned.rules, context);
  const tree = visibleTrees(state, new Visibility(state, scanned.rules, context.missingFeatures));
  const isKeeper = (path: string): boolean => context.skipped.isKeeper(path);
  const ending = await endShares(context, tree, isKeeper, (each, path) => context.progress.noteEnded(each, path));
  context.planRounds.begin(state.unsynced.fresh);
  const decision = await decide(context, scanned);
  const { delays, due, plan: next, failure } = await delayPlan(context, decision);
  const { last } = decision;
  const { waitingDeletions } = context.brakes;
  expectPlan(context, due, decision);
  const failures: Problem[] = [];
  const {
    done,
    begun,
    changed: isChanging,
  } = await applyWithRules(context, next.local, () => applyLocal(context, next.local, budgetOf(context)));
  const isEnding = noteFailures(context, ending.failures, failures);
  const { isSent, isAccepted, hasChanged, begun: begunRemote } = await sendAndNote(context, next);
  context.transfers.noteCommitted(begunRemote);
  if (failure !== undefined) throw failure;
  const changed = isChanging || isEnding || hasChanged;
  await noteChanges(context, { local: [...ending.operations, ...begun], remote: begunRemote }, hasChanged);
  const { diskRetries, nonDurable, persistentRefusals } = context;
  const nowMs = context.nowMs();
  persistentRefusals.note(state.refusals, nowMs);
  const untilMs = [...delays.untilMs, ...diskRetries.untilMs(nowMs), ...nonDurable.untilMs(nowMs)];
  // Failed endings and nameless items are retried later.
  if (failures.length + state.parked.size > 0) untilMs.push(context.nowMs() + endingAgainMs);
  const isUnstable = scanned.rescan === "all" || scanned.rescan.size > 0 || scanned.isUnsettled || changed;
  const refusals = wantedOf(state.refusals, decision, next);
  const isDone = done > 0 || ending.operations.length > ending.failures.size;
  const isCut = begun.length + begunRemote.length < next.local.length + next.remote.length;
  const hasProgressed = isDone || isSent || isCut;
  const isTransferring = context.transfers.isBusy;
  if (isCut || isTransferring) context.progress.noteCut();
  const goesOn = hasProgressed || isTransferring || isUnstable;
  const isOver = !goesOn && untilMs.length + refusals.length + waitingDeletions === 0;
  const outcome: CycleOutcome = {
    hasProgressed,
    isMidway: last !== undefined,
    isTransferring,
    isFruitful: isDone || isAccepted,
    isUnstable,
    isStuck: isUnstable && !changed && context.unread.arePersistent,
    nextCycleInMs: isUnstable ? unstableMs : untilNextCycleMs(context, untilMs),
    retriesSoon: delays.isQuiet || retriesSoon(context, refusals, failures),
    problems: [
      ...failures,
      ...delays.problems,
      ...problemsKnown(context, next, { isOver, isWhole: last === undefined }),
      ...problemsOfRules(scanned.rules, state),
    ],
    deletionsWaiting: waitingDeletions,
  };
  return finishRound(context, decision, outcome);
}

function finishRound(
  { planRounds, state, progress }: CycleContext,
  { last }: Decision,
  outcome: CycleOutcome,
): CycleOutcome {
  const finished = planRounds.finish(last, outcome, state.unsynced.fresh);
  if (!finished.hasProgressed && !finished.isTransferring) progress.noteRest();
  return finished;
}

/** Sends all trash answers, because no later cycle would send the rest. @returns true if there were any */
async function sendAllTrashAnswers(context: CycleContext): Promise<boolean> {
  let hasSent = false;
  while (await sendTrashAnswers(context)) hasSent = true;
  return hasSent;
}

/** Scans under the old rules before the new ones apply. */
async function prepareRules(context: CycleContext): Promise<void> {
  await fetchFirstRules(context);
  await scanUnderPreviousRules(context);
  await freeExcluded(context);
}

async function noteChanges(
  context: CycleContext,
  { local, remote }: Pick<Plan, "local" | "remote">,
  hasChanged: boolean,
): Promise<void> {
  const { state, dirty, quarantine } = context;
  for (const operation of [...local, ...remote]) dirty.add(dirtyPathsOf(state, operation));
  if (hasChanged) dirty.add(foldersOfChanges(state, remote));
  await quarantine.note(context);
}

function expectPlan(context: CycleContext, due: Plan, decision: Decision): void {
  const { state, brakes, progress, transfers, planRounds } = context;
  const { local, remote, waiting } = due;
  const planned = [...local.map(({ id }) => id), ...remote.map(({ id }) => id), ...waiting.keys()];
  const later = planRounds.countLeft(planned, decision, state.unsynced.fresh);
  progress.expect(local.length + remote.length + waiting.size + brakes.waitingDeletions + later, {
    bytes: bytesOfPlan(state, due),
    isAll: later === 0,
  });
  for (const { path } of transfers.begun) progress.touch(path);
}

async function sendAndNote(context: CycleContext, { remote }: Pick<Plan, "remote">): ReturnType<typeof send> {
  const sent = await send(sendContextOf(context), remote, budgetOf(context));
  const { state, brakes, nowMs } = context;
  for (const id of brakes.takeSentDamage())
    addNotice(state, { atMs: nowMs(), path: pathOfNode(state, id) ?? id, code: "maybe_damaged", counts: [] });
  return sent;
}

/** @returns `due`: all changes that are due; `plan`: those that can be made now; `failure`: see `Transfers.filter` */
async function delayPlan(
  context: CycleContext,
  decision: Decision,
): Promise<{ readonly delays: PlanDelays; readonly due: Plan } & ReturnType<CycleContext["transfers"]["filter"]>> {
  const delays = new PlanDelays(context);
  const all = await withoutHeldRules(context, await delays.filter(decision));
  const due = isMuch(context, all) ? smallFirst(all) : all;
  const ready = context.transfers.filter(context, sendContextOf(context), { ...decision, plan: due });
  // A person's changes become durable now, not only after everything is sent. A failure is found again at that time.
  await makeUserChangesDurable(context, ready.begun);
  return { delays, due, ...ready };
}

/** Always true in the simulator, whose files are small. */
function isMuch({ state, patches }: CycleContext, plan: Plan): boolean {
  return patches !== undefined || bytesOfPlan(state, plan) >= muchBytesMin;
}

/** Returns a function that is true once the cycle's time is over. The next cycle then sees further changes. */
function budgetOf({ nowMs }: CycleContext): () => boolean {
  const startMs = nowMs();
  // A clock that is set back ends the cycle too.
  return () => Math.abs(nowMs() - startMs) >= budgetMs;
}

/** Sending does not see the disk. */
function sendContextOf(context: CycleContext): SendContext {
  const { earlyBlocks, transfers } = context;
  const sent: SendContext["earlyBlocks"] = {
    has: (hash, into) => earlyBlocks.has(hash, into) || transfers.hasSent(hash, into),
    settled: () => earlyBlocks.settled(),
  };
  return { ...context, earlyBlocks: sent, makeDurable: (ids) => makeUserChangesDurable(context, ids) };
}

/**
 * @param isOver nothing is in progress, so waiting changes need a person
 * @param isWhole the plan contains all fresh nodes
 */
function problemsKnown(
  context: CycleContext,
  next: Plan,
  { isOver, isWhole }: { readonly isOver: boolean; readonly isWhole: boolean },
): Problem[] {
  const { state, persistentRefusals } = context;
  const unread = context.unread.problems(context.nowMs());
  const unreadable = new Set(unread.flatMap(({ path, code }) => (code === "unreadable" ? [path] : [])));
  const unstored = [
    ...context.nonDurable.problems(state),
    ...problemsOfRefusals(state, state.refusals, (refusal) => persistentRefusals.has(refusal)),
  ];
  return [
    ...context.diskRetries.problems,
    // A folder that cannot be opened is neither readable nor syncable, for the same reason.
    ...unstored.filter(({ path, code }) => code !== "not_durable" || !unreadable.has(path)),
    ...problemsOfBrakes(context.brakes),
    ...(isOver ? problemsOfBlocked(state, next.waiting) : []),
    ...[...context.freeing.kept].map((path) => problemOf(path, "kept", "")),
    ...unread,
    ...context.skipped.problems(),
    ...(isWhole ? problemsOfUnfit(state, context.missingFeatures) : []),
    ...problemsOfBoundaries(state),
    ...problemsOfAliases(state),
    ...problemsOfShares(state, next.waiting),
    ...context.quarantine.problems(),
    ...problemsOfRehash(state),
    ...problemsOfStash(state),
    ...problemsOfAside(state),
    ...problemsOfNotices(state, context.nowMs()),
  ];
}

function retriesSoon(
  { diskRetries, nowMs }: CycleContext,
  refusals: SyncState["refusals"],
  failures: readonly Problem[],
): boolean {
  // A change waits as long as the persistent problem of its folder.
  const isPersistent = refusals.some(({ code }) => !isTransient(code));
  return (
    refusals.some(({ code }) => isTransient(code) && !(code === "dependency" && isPersistent)) ||
    diskRetries.retriesSoon(nowMs()) ||
    failures.some(({ code }) => isTransientHere(code))
  );
}

function wantedOf(
  refusals: SyncState["refusals"],
  { isInPlan }: Decision,
  { remote, waiting }: Plan,
): SyncState["refusals"] {
  const planned = new Set(refusals.length === 0 ? [] : remote.map(({ id }) => id));
  return refusals.filter(({ nodeId: id }) => waiting.has(id) || planned.has(id) || !isInPlan(id));
}

export function noteScan(context: CycleContext, scanned: ScanSummary): void {
  const { state, dirty, nonDurable, skipped, unread, freeing, nowMs } = context;
  dirty.add(scanned.isUnsettled && scanned.isComplete ? "all" : scanned.rescan);
  nonDurable.forgetHidden(state);
  freeing.kept = new Set([...freeing.kept].filter((path) => scanned.rules.hides(path, false)));
  dirty.add(nonDurable.dirtyPaths(state));
  skipped.note(scanned, (path) => isKnownPath(state, path) && !scanned.rules.hides(path, true));
  if (scanned.boundaries.size > 0) excludeBoundaries(state, scanned.boundaries);
  if (scanned.otherRoots.size > 0) excludeOtherRoots(state, scanned.otherRoots);
  unread.note(scanned, nowMs());
}

/** A change that did not happen was based on an outdated state, so its folders are scanned again. */
function dirtyPathsOf(state: SyncState, operation: Plan["local"][number] | Plan["remote"][number]): DirtyPaths {
  if (!state.unsynced.has(operation.id)) return new Set();
  const folder = state.local.get(operation.id)?.parent ?? ("place" in operation ? operation.place.parent : undefined);
  const path = folder === undefined ? undefined : knownPathOf(state, folder);
  return new Set(path === undefined ? [] : withFoldersAbove(path));
}

/** Folders of sent changes. One may have been moved unnoticed, so its entries may not be durable. */
function foldersOfChanges(state: SyncState, operations: Plan["remote"]): DirtyPaths {
  return new Set(operations.flatMap(({ id }) => foldersOfChange(state, id)).flatMap(withFoldersAbove));
}

/** Frees excluded paths before the rules hide them. */
async function freeExcluded(context: CycleContext): Promise<void> {
  const { state } = context;
  const chosen = pathsToFree(state);
  if (chosen.length === 0) return;
  const { rules } = await readRules(context.disk, state);
  const freed = await freeSpace(context, chosen, rules);
  context.freeing.last = freed;
  const isChosen = (path: string): boolean => chosen.some((each) => `${path}/`.startsWith(`${each}/`));
  const before = [...context.freeing.kept].filter((path) => !isChosen(path));
  context.freeing.kept = new Set([...before, ...freed.kept]);
  // More paths may have been chosen meanwhile.
  const left = pathsToFree(state).filter((path) => !chosen.includes(path));
  state.commit({ settings: [["to free", JSON.stringify(left)]] });
}

async function expireTrashAtTimes(context: CycleContext): Promise<void> {
  const { times, nowMs } = context;
  const leftMs = times.nextExpiryMs - nowMs();
  // A longer wait means that the clock was set back.
  if (leftMs > 0 && leftMs <= expiryEveryMs) return;
  await expireTrash(context);
  times.nextExpiryMs = nowMs() + expiryEveryMs;
}

function untilNextCycleMs({ state, nowMs }: CycleContext, untilMs: readonly number[]): number | undefined {
  const times = [
    ...untilMs,
    ...[...state.stashed.values()].map(stashDueMs),
    ...state.refusals.map(({ notBeforeMs }) => notBeforeMs),
  ];
  const first = times.reduce((one, other) => Math.min(one, other), Infinity);
  return first === Infinity ? undefined : Math.max(unstableMs, first - nowMs());
}
