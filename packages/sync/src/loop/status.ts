import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { nameOf } from "@holdfast/sync-ports/paths";
import { originalPath } from "../execute/keep-conflict.ts";
import { originalName } from "../model/conflicted-name.ts";
import { originalFrom } from "../model/repositories.ts";
import { pathOfNode } from "../model/tree-paths.ts";
import type { Deleted } from "../model/whereabouts.ts";
import type { Freed } from "../execute/free-space.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { Phase } from "./control.ts";
import type { CycleOutcome } from "./cycle-outcome.ts";
import { needsPerson, type Problem } from "./problems.ts";
import type { LookCounts, Planned, Progress, RecentChange } from "./progress.ts";
import { StateUnwritten } from "../state/manifests.ts";
import { RootAway } from "./root.ts";

/**
 * - `offline`: the server cannot be reached; it is tried again, ever less often.
 * - `waiting`: all that can go on without a person has, or the folder cannot be opened; that is tried again.
 * - `refused`: the folder is not the one that belongs here; `refusal` says why.
 */
export type Activity = "idle" | "syncing" | "paused" | "offline" | "waiting" | "refused";

export interface EngineStatus {
  readonly phase: Phase;
  readonly activity: Activity;
  /** Nodes that differ, those that wait for something included. */
  readonly pendingFiles: number;
  /** Since the engine began. */
  readonly progress: {
    readonly filesUp: number;
    readonly filesDown: number;
    /** All that was sent, also of files that the server then refused. */
    readonly bytesUp: number;
    /** Of these what is in files that the server accepted. */
    readonly bytesAccepted: number;
    readonly bytesDown: number;
    readonly deletedHere: Deleted;
    readonly deletedOnServer: Deleted;
  };
  /** Of the plan that is carried out now. */
  readonly now: Planned & {
    /** Paths that are read or written, the newest first. */
    readonly names: readonly string[];
    readonly bytesDone: number;
    /** Number of the stretch of work to which it belongs: plans that continue each other share one. */
    readonly stretch: number;
  };
  readonly look: LookCounts;
  /** When everything was last in sync; Unix milliseconds. */
  readonly lastSyncAtMs: number | undefined;
  readonly problems: readonly Problem[];
  /** Conflicted copies that are on this disk now with both sides: while the server's is still to be downloaded nobody can choose. */
  readonly conflicts: readonly string[];
  readonly deletionsWaiting: number;
  /** Newest first, at most 50. */
  readonly recent: readonly RecentChange[];
  readonly refusal: string | undefined;
  /** Code of the first problem, if it is why the last attempt failed: a run that shall end may end with it. */
  readonly failure: string | undefined;
  /** What came of it when space was last to be freed. */
  readonly freed: Freed | undefined;
}

export interface StatusInput {
  readonly phase: Phase;
  readonly conflicts: readonly string[];
  readonly progress: Progress;
  readonly outcome: CycleOutcome | undefined;
  /** Why the last attempt, or the last poll, failed; undefined once one went well. */
  readonly failure: HoldfastError | undefined;
  readonly lastSyncAtMs: number | undefined;
  readonly deletionsWaiting: number;
  readonly freed: Freed | undefined;
}

export function statusOf(input: StatusInput): EngineStatus {
  const { phase, conflicts, progress, outcome, failure, lastSyncAtMs, deletionsWaiting, freed } = input;
  const { filesUp, filesDown, bytesUp, bytesAccepted, bytesDown, pending, recent } = progress;
  const { deletedHere, deletedOnServer } = progress;
  // What concerns all of it stands before what concerns one file.
  const failed = problemOfFailure(phase, failure);
  const problems = [...failed, ...(outcome?.problems ?? [])];
  return {
    phase,
    activity: activityOf(input, problems),
    pendingFiles: pending,
    progress: { filesUp, filesDown, bytesUp, bytesAccepted, bytesDown, deletedHere, deletedOnServer },
    now: { names: progress.names, bytesDone: progress.bytesDone, stretch: progress.stretch, ...progress.planned },
    look: progress.look,
    lastSyncAtMs,
    problems,
    conflicts,
    deletionsWaiting,
    recent,
    refusal: phase === "refused" ? failure?.message : undefined,
    failure: failed[0]?.code,
    freed,
  };
}

function activityOf(input: StatusInput, problems: readonly Problem[]): Activity {
  const { phase, outcome, failure, deletionsWaiting } = input;
  switch (phase) {
    case "paused":
    case "refused":
      return phase;
    case "starting":
    case "syncing":
      if (failure instanceof RootAway) return "waiting";
      return failure !== undefined && isOffline(failure) ? "offline" : "syncing";
    case "backing_off":
      // Without a failure to show, a long file is under way.
      if (failure === undefined) return "syncing";
      return isOffline(failure) ? "offline" : "waiting";
    default:
      if (failure !== undefined) return isOffline(failure) ? "offline" : "waiting";
      if (outcome?.isTransferring === true && phase !== "stopped") return "syncing";
      if (deletionsWaiting > 0 || problems.some(needsPerson)) return "waiting";
      if (phase === "stopped" && isCutShort(input)) return "syncing";
      return outcome?.isRestless === true || outcome?.retriesSoon === true ? "syncing" : "idle";
  }
}

/** It was stopped before it was done. */
function isCutShort({ outcome, progress }: StatusInput): boolean {
  return outcome === undefined || outcome.hasProgressed || progress.pending > 0;
}

/** While bytes of a long file travel, a call that did not reach the server says little. */
export function shownFailure(
  failure: HoldfastError | undefined,
  { areAdvancing }: { readonly areAdvancing: boolean },
): HoldfastError | undefined {
  return areAdvancing && failure !== undefined && isOffline(failure) ? undefined : failure;
}

/** True for a failure of the server, or of the way to it. */
function isOffline(failure: HoldfastError): boolean {
  const { code } = failure;
  return (
    !(failure instanceof RootAway || failure instanceof StateUnwritten) &&
    ["unreachable", "unavailable", "request_timeout", "rate_limited", "internal"].includes(code)
  );
}

function problemOfFailure(phase: Phase, failure: HoldfastError | undefined): Problem[] {
  if (failure === undefined || phase === "stopped" || phase === "refused") return [];
  const isSignedOut = failure.code === "unauthenticated" && !failure.message.includes("holdfast login");
  const hint = isSignedOut ? " Sign in again with 'holdfast login'." : "";
  return [{ path: "", code: failure.code, message: `${failure.message}${hint}` }];
}

/** Conflicted copies, looked for once after each cycle. */
export class Conflicts {
  readonly #state: SyncState;
  #found: { readonly outcome: unknown; readonly copies: readonly FoundCopy[] } | undefined;

  constructor(state: SyncState) {
    this.#state = state;
  }

  /**
   * @param outcome of the last cycle; undefined before the first
   * @returns the paths of those whose both sides are on this disk
   */
  after(outcome: unknown): readonly string[] {
    return this.#copiesAfter(outcome).flatMap(({ path, isEarly }) => (isEarly ? [] : [path]));
  }

  /**
   * @throws HoldfastError not_found unless the path is a conflicted copy; conflict while the other side is still to be downloaded:
   *   whatever was chosen, the download would first copy the original aside again
   */
  mustBeOne(outcome: unknown, path: string): void {
    const copies = this.#copiesAfter(outcome);
    const isMeant = (each: FoundCopy): boolean => each.isEarly && originalPath(each.path) === path;
    const copy = copies.find((each) => each.path === path) ?? copies.find(isMeant);
    if (copy === undefined)
      throw new HoldfastError("not_found", `${path} is not a conflicted copy and has no conflicted copy.`);
    if (copy.isEarly && isStillEarly(this.#state, copy.id))
      throw new HoldfastError(
        "conflict",
        `The other version of ${originalPath(copy.path)} is not downloaded yet. Resolve the conflict after that: 'holdfast status' shows what is under way.`,
      );
  }

  /** It was ended, and the next cycle will see that. */
  forget(path: string): void {
    if (this.#found === undefined) return;
    this.#found = { ...this.#found, copies: this.#found.copies.filter((each) => each.path !== path) };
  }

  #copiesAfter(outcome: unknown): readonly FoundCopy[] {
    if (this.#found === undefined || this.#found.outcome !== outcome) {
      this.#found = { outcome, copies: copiesOf(this.#state) };
    }
    return this.#found.copies;
  }
}

interface FoundCopy {
  readonly id: NodeId;
  readonly path: string;
  /** The original has the bytes of the copy still, and what the server has comes in their place. */
  readonly isEarly: boolean;
}

/** In the order of their paths. */
function copiesOf(state: SyncState): FoundCopy[] {
  return state
    .conflictedCopies()
    .flatMap((id) => {
      const row = state.local.get(id);
      if (row === undefined || row.kind === "folder" || originalName(row.name) === row.name) return [];
      return [{ id, path: pathOfNode(state, id) ?? row.name, isEarly: isStillEarly(state, id) }];
    })
    .toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

function isStillEarly(state: SyncState, id: NodeId): boolean {
  const copy = state.local.get(id);
  if (copy?.kind !== "file") return false;
  const key = nameKey(nameOf(originalFrom(copy.name)));
  return state.holdersOf(copy.content).some((holder) => {
    const local = state.local.get(holder);
    if (local === undefined || nameKey(local.name) !== key) return false;
    const remote = state.remote.get(holder);
    return remote?.trashed === false && remote.content !== state.synced.get(holder)?.content;
  });
}
