import { HoldfastError } from "@holdfast/core/errors";
import { Brakes, type WaitingChange } from "../../brakes/brakes.ts";
import { type ConflictChoice, resolveConflict, type ResolvedConflict } from "../../execute/resolve-conflict.ts";
import { ensureOwnFolders, recover } from "../../execute/recover.ts";
import { findUnverifiedModes } from "../../execute/user-changes.ts";
import { noMissingFeatures } from "../../model/missing-features.ts";
import { folderOf } from "@holdfast/sync-ports/paths";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { EarlyBlocks } from "../../remote/early-blocks.ts";
import { excludedPaths, excludePaths, includePaths } from "../../state/exclusion.ts";
import { approveRules } from "../../state/waiting-rules.ts";
import { type Event, type Phase, transitions } from "./control.ts";
import { runCycle } from "../cycle/cycle.ts";
import type { CycleContext } from "../context/cycle-context.ts";
import type { CycleOutcome } from "../reports/cycle-outcome.ts";
import { withUnstableInodes } from "../access/unstable-inodes.ts";
import { abortableDisk, abortableServer, Interrupted } from "../access/abortable.ts";
import { ServerBackoff } from "../delays/server-backoff.ts";
import { LastSync } from "../reports/last-sync.ts";
import { newRunState } from "../context/run-state.ts";
import { DeadNodes } from "./dead-nodes.ts";
import { ScanSchedule } from "./scan-schedule.ts";
import { type OnceResult, OnceCompletion } from "./run-once.ts";
import { type PreviewedRun, previewRun } from "./preview.ts";
import { Polling } from "./polling.ts";
import { defaultMemoryLimits } from "../context/memory-limits.ts";
import { Progress } from "../reports/progress.ts";
import { OtherServer } from "../../remote/same-server.ts";
import { renewGeneration } from "../../execute/generation.ts";
import { atRoot, checkRoot, RootMismatch } from "../access/root.ts";
import { Conflicts, type EngineStatus, shownFailure, statusOf } from "./status.ts";
import { Rehash } from "../tracking/rehash.ts";
import { transientMs } from "../tracking/unreadable-files.ts";
import type { EngineOptions } from "./engine-options.ts";
import { Transfers } from "../transfers/transfers.ts";

/** All hints of one move arrive in this time. The watcher collects them for 50 ms. */
const hintsMs = 60;

/**
 * One synced folder. `run` ends when stopped, or rejects if the folder is not the known one. The creator owns the
 * database and the adapters, and closes them after `run` or `runOnce`.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #progress: Progress;
  readonly #brakes: Brakes;
  readonly #listeners = new Set<() => void>();
  readonly #conflicts: Conflicts;
  readonly #runState = newRunState();
  readonly #deadNodes = new DeadNodes();
  readonly #scanSchedule: ScanSchedule;
  readonly #lastSync: LastSync;
  readonly #transfers = new Transfers();
  #rehash: Rehash;
  readonly #disk: LocalDisk;
  #context: CycleContext;
  /** Aborted by a stop or pause. Current work ends between two steps. */
  #work = new AbortController();
  #phase: Phase;
  readonly #backoff = new ServerBackoff();
  #failure: HoldfastError | undefined;
  #last: CycleOutcome | undefined;
  readonly #polling: Polling = new Polling({
    poll: (timeoutMs) => this.#context.server.poll(this.#options.state.cursor?.token ?? "", timeoutMs),
    random: (sizeBytes) => this.#options.random(sizeBytes),
    nowMs: () => this.#options.nowMs(),
    sleep: (durationMs) => this.#options.sleep(durationMs, this.#work.signal),
    isWanted: () => this.#phase === "waiting",
    onTurn: () => this.#notify(),
  });
  #wake: () => void = () => undefined;
  #isHinted = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#disk =
      options.missingFeatures?.has("stable inodes") === true
        ? withUnstableInodes(options.disk, options.random)
        : options.disk;
    this.#phase = options.state.setting("paused") === "yes" ? "paused" : "starting";
    this.#brakes = new Brakes(options.state, options.brake, options.nowMs);
    this.#conflicts = new Conflicts(options.state);
    this.#progress = new Progress(
      options.nowMs,
      () => this.#notify(),
      (change) => options.onDone?.(change),
      (hidden) => options.onHidden?.(hidden),
    );
    this.#scanSchedule = new ScanSchedule(options.nowMs);
    this.#lastSync = new LastSync(options.state, options.nowMs);
    this.#context = this.#makeContext();
    this.#rehash = new Rehash({ ...options, ...this.#context });
    if ((options.exclude ?? []).length > 0) this.exclude(options.exclude ?? []);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Result of the last cycle; undefined before the first */
  get outcome(): CycleOutcome | undefined {
    return this.#last;
  }

  status(): EngineStatus {
    return statusOf({
      phase: this.#phase,
      conflicts: this.#conflicts.after(this.#last),
      progress: this.#progress,
      outcome: this.#last,
      failure: shownFailure(this.#failure, this.#transfers) ?? this.#polling.failure,
      lastSyncAtMs: this.#lastSync.atMs,
      deletionsWaiting: this.#brakes.waitingDeletions,
      freed: this.#runState.freeing.last,
    });
  }

  /** Held changes as of the last plan. */
  waitingDeletions(): readonly WaitingChange[] {
    return this.#brakes.waiting();
  }

  answeredDeletions(): { readonly approved: readonly WaitingChange[]; readonly undone: readonly WaitingChange[] } {
    return { approved: this.#brakes.approved(), undone: this.#brakes.undone() };
  }

  /** Approves exactly these ids of `waitingDeletions`. Other and since changed ones stay held. */
  approveDeletions(ids: readonly string[]): void {
    this.#brakes.approve(ids);
    this.hint([]);
    this.#notify();
  }

  /** Undoes held changes. Deleted items return from the other side; rewritten files go to the local trash. */
  undoDeletions(ids: readonly string[]): void {
    this.#brakes.undo(ids);
    this.hint([]);
    this.#notify();
  }

  /**
   * Applies the held ignore file from the next cycle.
   * @param hash of the exact content that was shown
   * @throws HoldfastError conflict if other content or none is held
   */
  approveRules(hash: string): void {
    if (!approveRules(this.#options.state, hash)) {
      throw new HoldfastError("conflict", "The waiting rules are not the ones that were shown. Review them again.");
    }
    this.hint();
    this.#notify();
  }

  /** Excluded paths. Everything below is excluded too. */
  get excluded(): readonly string[] {
    return excludedPaths(this.#options.state);
  }

  /**
   * Stops syncing the paths on this device. Local copies stay, or go to the local trash if space is to be freed and
   * they match the server. Kept ones are listed as problems.
   * @throws HoldfastError invalid_field
   */
  exclude(paths: readonly string[], { freeSpace = false } = {}): void {
    excludePaths(this.#options.state, paths, freeSpace);
    this.hint();
  }

  /** Syncs the paths again, merged with the last agreed state. */
  include(paths: readonly string[]): void {
    includePaths(this.#options.state, paths);
    this.hint();
  }

  /**
   * Resolves a conflict (see `resolveConflict`). Works while paused, because it is a person's change.
   * @throws HoldfastError not_found unless it is a conflicted copy; conflict until the other side is downloaded
   */
  async resolveConflict(path: string, keep: ConflictChoice): Promise<ResolvedConflict> {
    this.#conflicts.mustBeOne(this.#last, path);
    const kept = await resolveConflict({ ...this.#context, disk: this.#disk }, path, keep);
    this.#conflicts.forget(path);
    this.hint([folderOf(path)]);
    this.#notify();
    return kept;
  }

  /** Called after every change of the status, which is often. @returns a function that removes the listener */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reports a possible change on the disk. @param folders of the change, relative to the root; undefined: unknown */
  hint(folders?: Iterable<string>): void {
    this.#runState.dirty.add(folders === undefined ? "all" : new Set(folders));
    this.#isHinted = true;
    // Other changes do not speed up retries.
    if (this.#phase === "waiting") this.#wake();
  }

  /** Pauses this and later runs until resumed. */
  pause(): void {
    this.#options.state.commit({ settings: [["paused", "yes"]] });
    this.#transition("paused");
    this.#work.abort();
  }

  resume(): void {
    if (this.#phase !== "paused") return;
    this.#options.state.commit({ settings: [["paused", "no"]] });
    this.#runState.diskRetries.forgetAll();
    this.#renewWork();
    this.#transition("resumed");
  }

  /** Ends `run` soon. Calls to the server are abandoned; a change of the disk is completed. */
  stop(): void {
    this.#transition("stopped");
    this.#work.abort();
  }

  async run(): Promise<void> {
    try {
      while (this.#phase !== "stopped" && this.#phase !== "refused") this.#transition(await this.#step());
    } finally {
      this.#work.abort();
      await this.#transfers.end();
    }
  }

  /**
   * Runs until everything is in sync, or until a person must act.
   * @throws HoldfastError failure that blocks the server for longer than 30 s; RootMismatch, OtherServer
   */
  async runOnce(): Promise<OnceResult> {
    const completion = new OnceCompletion(this.#options.nowMs);
    this.#runState.unread.transientMs = transientMs.once;
    this.#last = undefined;
    this.#options.state.forgetRefusals(Infinity);
    this.#isHinted = true;
    try {
      for (;;) {
        const end = completion.judge(this.#phase, this.#last, this.#failure);
        if (end !== undefined) return { ...end, deletionsWaiting: this.status().deletionsWaiting };
        this.#transition(await this.#step());
      }
    } finally {
      // Aborts a poll that would keep the process running.
      this.#work.abort();
      await this.#transfers.end();
      this.#renewWork();
    }
  }

  /** Lists the changes of a run. It modifies the state, so use a separate engine on a copy of it. */
  preview(options: Parameters<typeof previewRun>[1] = {}): Promise<PreviewedRun> {
    return previewRun(this.#context, options);
  }

  #transition(event: Event): void {
    this.#phase = transitions[this.#phase][event];
    this.#wake();
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #renewWork(): void {
    this.#work = new AbortController();
    this.#context = this.#makeContext();
    this.#rehash = new Rehash({ ...this.#options, ...this.#context });
  }

  #makeContext(): CycleContext {
    const { signal } = this.#work;
    const { server, state, missingFeatures = noMissingFeatures } = this.#options;
    const progress = this.#progress;
    const abortable = abortableServer(server, { signal, progress, trees: state });
    return {
      ...this.#options,
      ...this.#runState,
      missingFeatures,
      disk: abortableDisk(this.#disk, { signal, progress }),
      server: abortable,
      earlyBlocks: new EarlyBlocks({ ...this.#options, server: abortable }),
      transfers: this.#transfers,
      finishedDownloads: this.#transfers.finishedDownloads,
      progress,
      brakes: this.#brakes,
      moreDirtyPaths: async () => {
        await this.#options.sleep(hintsMs, signal);
        return this.#runState.dirty.take();
      },
      memoryLimits: this.#options.memoryLimits ?? defaultMemoryLimits,
      freeSpace: this.#options.freeSpace,
      checkStop: () => {
        if (signal.aborted) throw new Interrupted();
      },
    };
  }

  async #step(): Promise<Event> {
    switch (this.#phase) {
      case "starting":
        return this.#attempt(async () => {
          // Creates nothing in an unknown folder.
          if (this.#options.state.setting("marker") !== undefined) await checkRoot(this.#context);
          await atRoot(() => ensureOwnFolders(this.#context));
          await checkRoot(this.#context);
          await renewGeneration(this.#context);
          this.#runState.unverifiedModes.ids = findUnverifiedModes(this.#context, this.#options.boot);
          await recover(this.#context);
          return "recovered";
        });
      case "syncing":
        return this.#attempt(async () => {
          this.#isHinted = false;
          if (this.#scanSchedule.untilFullMs() <= 0) this.#runState.dirty.add("all");
          if (this.#runState.dirty.isEverywhere || this.#runState.unrecordedChanges.arePossible)
            this.#scanSchedule.beginFull();
          this.#last = await runCycle(this.#context);
          this.#noteOutcome(this.#last);
          if (this.#options.state.isBaseNewer) await renewGeneration(this.#context);
          return this.#last.hasProgressed ? "progressed" : "rested";
        });
      case "waiting":
        return this.#wait(this.#scanSchedule.untilMs(this.#last), true);
      case "backing_off":
        return this.#wait(this.#backoff.delayMs(this.#options.random, this.#options.nowMs()), false);
      case "paused":
        await new Promise<void>((resolve) => (this.#wake = resolve));
        return "progressed";
      default:
        return "stopped";
    }
  }

  #noteOutcome(outcome: CycleOutcome): void {
    // A transfer may fail again for the same reason.
    if (!outcome.isTransferring || outcome.isFruitful) {
      this.#backoff.forget();
      this.#failure = undefined;
    }
    this.#polling.forget();
    if (!outcome.hasProgressed && !outcome.isTransferring) {
      this.#deadNodes.forget(this.#options.state);
      this.#options.state.rest();
    }
    if (outcome.hasProgressed) this.#lastSync.noteProgress();
    else if (this.#progress.pending === 0) this.#lastSync.noteRest();
    if (this.#scanSchedule.note(outcome)) this.#rehash.allowSlice();
  }

  async #attempt(act: () => Promise<Event>): Promise<Event> {
    try {
      return await act();
    } catch (error) {
      // The phase already shows the reason.
      if (error instanceof Interrupted) {
        this.#runState.unrecordedChanges.arePossible = true;
        return "progressed";
      }
      if (!(error instanceof HoldfastError)) throw error;
      this.#failure = error;
      if (error instanceof RootMismatch || error instanceof OtherServer) return "mismatched";
      this.#backoff.note(error, this.#options.nowMs());
      this.#runState.unrecordedChanges.arePossible = true;
      return "failed";
    }
  }

  async #wait(durationMs: number, listens: boolean): Promise<Event> {
    if (this.#isHinted && listens) return "woken";
    const over = new AbortController();
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const signals = [woken, this.#options.sleep(durationMs, over.signal)];
    const { isBusy } = this.#transfers;
    const isAtRest = listens && !isBusy && this.#last?.nextCycleInMs === undefined;
    const rehash = isAtRest ? this.#rehash.run(over.signal) : Promise.resolve(false);
    if (listens)
      signals.push(
        this.#polling.listen(),
        rehash.then((hasFound) => (hasFound ? undefined : woken)),
      );
    if (listens && isBusy) signals.push(this.#transfers.ended((ms) => this.#options.sleep(ms, over.signal)));
    await Promise.race(signals);
    over.abort();
    await rehash;
    return "woken";
  }
}
