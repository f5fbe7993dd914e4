import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { nameOf } from "@holdfast/sync-ports/paths";
import { originalPath } from "../../execute/resolve-conflict.ts";
import { originalName } from "../../model/conflicted-name.ts";
import { originalFrom } from "../../model/repositories.ts";
import { pathOfNode } from "../../model/tree-paths.ts";
import type { Deleted } from "../../model/enclosing-share.ts";
import type { Freed } from "../../execute/free-space.ts";
import type { SyncState } from "../../state/sync-state.ts";
import type { Phase } from "./control.ts";
import type { CycleOutcome } from "../reports/cycle-outcome.ts";
import { needsPerson, type Problem } from "../reports/problems.ts";
import type { ScanCounts, Planned, Progress, RecentChange } from "../reports/progress.ts";
import { StateUnwritten } from "../../state/manifests.ts";
import { RootAway } from "../access/root.ts";

/**
 * - `offline`: the server is unreachable; attempts become less frequent.
 * - `waiting`: everything possible without a person is done, or the folder cannot be opened, which is retried.
 * - `refused`: the folder is not the expected one; `refusal` has the reason.
 */
export type Activity = "idle" | "syncing" | "paused" | "offline" | "waiting" | "refused";

export interface EngineStatus {
  readonly phase: Phase;
  readonly activity: Activity;
  /** Nodes that differ, including waiting ones. */
  readonly pendingFiles: number;
  /** Counts since the engine started. */
  readonly progress: {
    readonly filesUp: number;
    readonly filesDown: number;
    /** All bytes sent, including those of files that the server rejected. */
    readonly bytesUp: number;
    readonly bytesAccepted: number;
    readonly bytesDown: number;
    readonly deletedHere: Deleted;
    readonly deletedOnServer: Deleted;
  };
  readonly now: Planned & {
    /** Paths being read or written, newest first. */
    readonly names: readonly string[];
    readonly bytesDone: number;
    /** Plans that continue each other share the stretch's number. */
    readonly stretch: number;
  };
  readonly look: ScanCounts;
  /** Unix milliseconds when everything was last in sync. */
  readonly lastSyncAtMs: number | undefined;
  readonly problems: readonly Problem[];
  /** Conflicted copies whose both sides are on this disk. Nobody can choose while the server's is not downloaded. */
  readonly conflicts: readonly string[];
  readonly deletionsWaiting: number;
  /** Newest first, at most 50. */
  readonly recent: readonly RecentChange[];
  readonly refusal: string | undefined;
  /** Code of the first problem, if it made the last attempt fail. */
  readonly failure: string | undefined;
  readonly freed: Freed | undefined;
}

export interface StatusInput {
  readonly phase: Phase;
  readonly conflicts: readonly string[];
  readonly progress: Progress;
  readonly outcome: CycleOutcome | undefined;
  /** Failure of the last attempt or poll; undefined after a success */
  readonly failure: HoldfastError | undefined;
  readonly lastSyncAtMs: number | undefined;
  readonly deletionsWaiting: number;
  readonly freed: Freed | undefined;
}

export function statusOf(input: StatusInput): EngineStatus {
  const { phase, conflicts, progress, outcome, failure, lastSyncAtMs, deletionsWaiting, freed } = input;
  const { filesUp, filesDown, bytesUp, bytesAccepted, bytesDown, pending, recent } = progress;
  const { deletedHere, deletedOnServer } = progress;
  // Global problems precede those of single files.
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
      // Without an error, a large file is being transferred.
      if (failure === undefined) return "syncing";
      return isOffline(failure) ? "offline" : "waiting";
    default:
      if (failure !== undefined) return isOffline(failure) ? "offline" : "waiting";
      if (outcome?.isTransferring === true && phase !== "stopped") return "syncing";
      if (deletionsWaiting > 0 || problems.some(needsPerson)) return "waiting";
      if (phase === "stopped" && isCutShort(input)) return "syncing";
      return outcome?.isUnstable === true || outcome?.retriesSoon === true ? "syncing" : "idle";
  }
}

function isCutShort({ outcome, progress }: StatusInput): boolean {
  return outcome === undefined || outcome.hasProgressed || progress.pending > 0;
}

/** Hides a failed request while a large transfer advances. */
export function shownFailure(
  failure: HoldfastError | undefined,
  { areAdvancing }: { readonly areAdvancing: boolean },
): HoldfastError | undefined {
  return areAdvancing && failure !== undefined && isOffline(failure) ? undefined : failure;
}

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

/** Searched once after each cycle. */
export class Conflicts {
  readonly #state: SyncState;
  #found: { readonly outcome: unknown; readonly copies: readonly FoundCopy[] } | undefined;

  constructor(state: SyncState) {
    this.#state = state;
  }

  /**
   * @param outcome of the last cycle; undefined before the first
   * @returns paths of the copies whose both sides are on this disk
   */
  after(outcome: unknown): readonly string[] {
    return this.#copiesAfter(outcome).flatMap(({ path, isEarly }) => (isEarly ? [] : [path]));
  }

  /**
   * @throws HoldfastError not_found unless the path is a conflicted copy
   * @throws HoldfastError conflict while the other side is not downloaded: the download would copy the original aside
   * again
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
        `The other version of ${originalPath(copy.path)} is not downloaded yet. Resolve the conflict after that: 'holdfast status' shows the progress.`,
      );
  }

  /** Removes a resolved copy until the next cycle finds that itself. */
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
  /** The original still has the copy's bytes and will be replaced by the server's. */
  readonly isEarly: boolean;
}

/** Sorted by path. */
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
  return state.nodesWithContent(copy.content).some((holder) => {
    const local = state.local.get(holder);
    if (local === undefined || nameKey(local.name) !== key) return false;
    const remote = state.remote.get(holder);
    return remote?.trashed === false && remote.content !== state.synced.get(holder)?.content;
  });
}
