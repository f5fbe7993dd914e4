import { IdleMemory } from "@holdfast/codec/idle-memory";
import { HoldfastError } from "@holdfast/core/errors";
import type { WaitingChange } from "@holdfast/sync/brakes/brakes";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import type { EngineStatus } from "@holdfast/sync/loop/engine/status";
import type { ConflictChoice, ResolvedConflict } from "@holdfast/sync/execute/resolve-conflict";
import type { ClientEngine } from "./client-engine.ts";
import { type ControlChannel, openControlChannel } from "./control-channel.ts";
import { type KnownSync, saveRecord, type SyncRecord } from "./known-syncs.ts";
import { readLastReport, saveLastStatus } from "./last-status.ts";
import { type BandwidthLimits, limitsOf } from "./open-sync.ts";
import { type SyncView, viewOf } from "./page/sync-view.ts";
import { type HowFar, ProgressMeter } from "./progress-meter.ts";
import type { SyncReport, WaitingDeletion } from "./report.ts";
import type { ExclusionChange, SyncControl } from "./sync-control.ts";
import { FreshConflicts } from "./fresh-conflicts.ts";
import { diskOf, isFullHere, type Start, withAdvice } from "./full-disk-advice.ts";
import { ProblemLog } from "./problem-log.ts";
import type { ShareOwners } from "./share-owners.ts";
import { SyncLog } from "./sync-log.ts";
import { answeredWords } from "./group-deletions.ts";
import { count } from "../output/text.ts";
import type { RecentChange } from "@holdfast/sync/loop/reports/progress";
import type { NewlyHidden } from "@holdfast/sync/rules/newly-hidden";
import { ignorePath } from "@holdfast/sync/rules/rules";
import { hiddenLine } from "./hidden-line.ts";
import { readMarker } from "./sync-root.ts";
import { reportOf, type SyncReporter } from "./sync-reporter.ts";

/** Frequent enough to look live, and rare enough for a log. */
const showIntervalMs = 100;
/** Interval while bytes are transferred between two changes. */
const travelIntervalMs = 1000;

interface RunningOptions {
  readonly configFolder: string;
  /** Limits of this run only. */
  readonly limits: BandwidthLimits;
  readonly own: readonly string[];
  readonly start: Start;
  readonly owners: ShareOwners;
}

export class RunningSync implements SyncControl {
  readonly folder: string;
  #record: SyncRecord;
  #engine: Engine | undefined;
  #channel: ControlChannel | undefined;
  /** Reported by the watcher and the disk, not by the engine. */
  #remarks: SyncReport["problems"] = [];
  #timer: NodeJS.Timeout | undefined;
  #showing: Promise<void> = Promise.resolve();
  #isEnding = false;
  #travelTimer: NodeJS.Timeout | undefined;
  #lastSaved = "";
  readonly #memory = new IdleMemory();
  readonly #meter = new ProgressMeter();
  readonly #configFolder: string;
  readonly #own: readonly string[];
  readonly #start: Start;
  readonly #owners: ShareOwners;
  #limits: BandwidthLimits;
  /** undefined until the server was reached */
  #reached: Omit<ClientEngine, "heal" | "close"> | undefined;
  #lastSyncAtMs: number | undefined;
  #recordSaved: Promise<void> = Promise.resolve();
  readonly #reporter: SyncReporter;
  readonly #log: SyncLog;
  /** Opened once, because two updates may wait for it. */
  #problems: Promise<ProblemLog> | undefined;
  #conflicts = new FreshConflicts();
  #waiting = 0;

  constructor({ folder, record }: KnownSync, reporter: SyncReporter, options: RunningOptions) {
    const { configFolder, limits, own, start, owners } = options;
    this.#owners = owners;
    this.#own = own;
    this.#start = start;
    this.#log = new SyncLog(folder);
    this.folder = folder;
    this.#record = record;
    this.#reporter = reporter;
    this.#configFolder = configFolder;
    this.#limits = limitsOf(record, limits);
  }

  get limits(): BandwidthLimits {
    return this.#limits;
  }

  get record(): SyncRecord {
    return this.#record;
  }

  get pageUrl(): string | null {
    return this.#channel?.pageUrl ?? null;
  }

  async listen(): Promise<void> {
    const { folder } = this;
    const of = { folder, root: this.#record.root, configFolder: this.#configFolder };
    this.#channel = await openControlChannel(of, this);
  }

  /** A pause survives restarts. */
  begin(reached: Omit<ClientEngine, "heal" | "close">, record: SyncRecord): void {
    const { engine } = reached;
    this.#reached = reached;
    this.#engine = engine;
    this.#record = record;
    const { conflicts, lastSyncAtMs } = engine.status();
    this.#conflicts = new FreshConflicts(conflicts, lastSyncAtMs === undefined);
    if (record.is_paused) engine.pause();
    else engine.resume();
    engine.onChange(() => this.#showSoon());
    this.#showSoon();
  }

  done(change: RecentChange): void {
    this.#log.change(change);
    this.#conflicts.done(change);
    this.#reporter.done(change);
  }

  /** Called when a new rule excludes files that were synced. */
  hidden(hidden: NewlyHidden): void {
    const text = hiddenLine(hidden);
    this.#log.note(Date.now(), "hidden", "", text);
    this.#reporter.hidden(text);
  }

  remark(problems: SyncReport["problems"]): void {
    this.#remarks = problems;
    this.#showSoon();
  }

  report(): SyncReport {
    return this.#reportTo(this.#start);
  }

  #reportTo(start: Start): SyncReport {
    const report = reportOf(this.#record, this.#status(), { pageUrl: this.pageUrl, problems: this.#remarks });
    return { ...report, problems: this.#advised(report.problems, start) };
  }

  view(): Promise<SyncView> {
    const { folder } = this;
    const progress = this.#howFar(this.#status());
    const parts = { report: this.report(), deletions: this.waitingDeletions(), limits: this.#limits, progress };
    return viewOf({ folder, record: this.#record }, parts);
  }

  async pause(): Promise<void> {
    await this.#changeRecord({ is_paused: true });
    this.#engine?.pause();
  }

  async resume(): Promise<void> {
    await this.#changeRecord({ is_paused: false });
    this.#engine?.resume();
  }

  waitingDeletions(): WaitingDeletion[] {
    return (this.#engine?.waitingDeletions() ?? []).map(withReportedFields);
  }

  async approveDeletions(ids: readonly string[]): Promise<void> {
    const engine = this.#begun();
    this.#logAnswer("approved", ids);
    engine.approveDeletions(ids);
  }

  async undoDeletions(ids: readonly string[]): Promise<void> {
    const engine = this.#begun();
    this.#logAnswer("undone", ids);
    engine.undoDeletions(ids);
  }

  /** Called before the answer, because the deletions no longer wait afterwards. */
  #logAnswer(what: "approved" | "undone", ids: readonly string[]): void {
    const wanted = new Set(ids);
    const meant = this.waitingDeletions().filter(({ id }) => wanted.has(id));
    if (meant.length > 0) this.#log.note(Date.now(), what, "", answeredWords(meant));
  }

  async resolveConflict(path: string, keep: ConflictChoice): Promise<ResolvedConflict> {
    return this.#begun().resolveConflict(path, keep);
  }

  async approveRules(hash: string): Promise<void> {
    this.#begun().approveRules(hash);
    this.#log.note(Date.now(), "approved", ignorePath, "rules that waited");
  }

  async changeLimits({ up, down }: { readonly up: number | null; readonly down: number | null }): Promise<void> {
    await this.#changeRecord({ limit_up: up, limit_down: down });
    this.#limits = limitsOf(this.#record);
    this.#reached?.changeLimits(this.#limits);
  }

  async changeExclusions({ exclude, include, freesSpace }: ExclusionChange): Promise<void> {
    const engine = this.#begun();
    const own = include.find((path) => this.#own.includes(path));
    if (own !== undefined) throw new HoldfastError("invalid_field", `${own} belongs to Holdfast and is never synced.`);
    if (include.length > 0) engine.include(include);
    if (exclude.length > 0) engine.exclude(exclude, { freeSpace: freesSpace });
  }

  async sum(): Promise<void> {
    await this.#show();
    this.#reporter.sum(this.#status());
  }

  unreported(problems: SyncReport["problems"]): SyncReport["problems"] {
    return [...this.#reporter.unreported(this.#advised(problems))];
  }

  #advised(problems: SyncReport["problems"], start = this.#start): SyncReport["problems"] {
    return withAdvice(this.#owners.named(problems), diskOf(this.#record.root, this.#configFolder), start);
  }

  /** Shows and saves the final state. The engine is not used afterwards, because its database is closed. */
  async end(): Promise<void> {
    this.#isEnding = true;
    clearTimeout(this.#timer);
    this.#memory.stop();
    await this.#channel?.close();
    this.#channel = undefined;
    await this.#showing;
    await this.#show();
    clearTimeout(this.#travelTimer);
    this.#reporter.end();
    await this.#log.end();
  }

  #begun(): Engine {
    if (this.#engine !== undefined) return this.#engine;
    throw new HoldfastError("unavailable", "The server has not been reached yet since this client was started.");
  }

  /**
   * Saves the marker after the engine has created it. A folder without it is then known to be different or unmounted.
   */
  async #keepMarker(): Promise<void> {
    if (this.#record.marker !== null || this.#engine === undefined) return;
    const marker = await readMarker(this.#record.root);
    if (marker === undefined) return;
    await this.#changeRecord({ marker });
  }

  /** Saves one record after the other, so that an older one never replaces a newer one. */
  async #changeRecord(change: Partial<SyncRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    const record = this.#record;
    const saved = this.#recordSaved.then(() => saveRecord(this.folder, record));
    this.#recordSaved = saved.catch(() => undefined);
    await saved;
  }

  #status(): EngineStatus {
    return this.#engine?.status() ?? notBegun(this.#record.is_paused, this.#remarks.length > 0);
  }

  #howFar(status: EngineStatus): HowFar {
    const line = { travelledBytes: this.#reached?.travelledBytes(), limits: this.#limits };
    return this.#meter.after(performance.now(), status, line);
  }

  #showSoon(): void {
    if (this.#isEnding) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#showing = this.#show().catch((thrown: unknown) => this.#reporter.fail(thrown));
    }, showIntervalMs);
  }

  async #show(): Promise<void> {
    await this.#keepMarker();
    const status = this.#status();
    await this.#owners.learn([...status.problems]);
    clearTimeout(this.#travelTimer);
    if (status.activity === "syncing") this.#travelTimer = setTimeout(() => this.#showSoon(), travelIntervalMs);
    const report = this.report();
    const { fresh, found } = this.#conflicts.after(report.conflicts, status.lastSyncAtMs !== undefined);
    for (const path of fresh) this.#log.note(Date.now(), "conflict", path, null);
    this.#reporter.conflicts(fresh, found);
    await this.#reporter.show(status, report, this.#howFar(status));
    await this.#keep(report);
    if (status.activity === "syncing" || status.lastSyncAtMs !== this.#lastSyncAtMs) this.#memory.touched();
    this.#lastSyncAtMs = status.lastSyncAtMs;
    // Saved progress would be outdated immediately; the channel serves it.
    if (status.activity !== "syncing" || this.#channel === undefined) await this.#save();
  }

  async #keep({ problems, deletions_waiting: waiting, state }: SyncReport): Promise<void> {
    const log = await (this.#problems ??= this.#openProblems());
    const nowMs = Date.now();
    const isWhole = state === "idle" || state === "waiting";
    const { begun, ended } = log.after(problems, isWhole);
    for (const { path, message } of begun) this.#log.note(nowMs, "problem", path, message);
    for (const { path, message } of ended) this.#log.note(nowMs, "solved", path, message);
    if (!isWhole) return;
    if (waiting > this.#waiting)
      this.#log.note(nowMs, "waiting", "", `${count(waiting, "deletion")} ${waiting === 1 ? "waits" : "wait"} for you`);
    if (waiting === 0 && this.#waiting > 0) this.#log.note(nowMs, "solved", "", "deletions that waited");
    this.#waiting = waiting;
  }

  async #openProblems(): Promise<ProblemLog> {
    const last = await readLastReport(this.folder);
    this.#waiting = last.deletions_waiting;
    return new ProblemLog(last.problems);
  }

  /** Saves the status for the time when the client is not running. */
  async #save(): Promise<void> {
    // Before the engine is open, the last status has more information: waiting and approved deletions.
    if (this.#engine === undefined) return;
    const { approved, undone } = this.#engine.answeredDeletions();
    const answers = [
      { action: "approve" as const, answered: approved.map(withReportedFields) },
      { action: "undo" as const, answered: undone.map(withReportedFields) },
    ].filter(({ answered }) => answered.length > 0);
    const report = { ...this.#reportTo("stopped"), page_url: null };
    const status = { report, deletions: this.waitingDeletions(), answers };
    const text = JSON.stringify(status);
    if (text === this.#lastSaved) return;
    await saveLastStatus(this.folder, status).catch((thrown: unknown) => {
      const isFull = thrown instanceof HoldfastError && thrown.code === "store_full";
      if (!isFull || !this.#status().problems.some(isFullHere)) throw thrown;
    });
    this.#lastSaved = text;
  }
}

function withReportedFields({ id, what, why, path, side, kind, bytes }: WaitingChange): WaitingDeletion {
  return { id, what, why, path, side, kind, bytes };
}

/** @param isAway the server did not respond */
function notBegun(isPaused: boolean, isAway: boolean): EngineStatus {
  const activity = isAway ? "offline" : "syncing";
  return {
    phase: isPaused ? "paused" : "starting",
    activity: isPaused ? "paused" : activity,
    pendingFiles: 0,
    progress: {
      filesUp: 0,
      filesDown: 0,
      bytesUp: 0,
      bytesAccepted: 0,
      bytesDown: 0,
      deletedHere: { files: 0, folders: 0 },
      deletedOnServer: { files: 0, folders: 0 },
    },
    now: { names: [], changes: 0, bytes: 0, bytesDone: 0, stretch: 0, isAll: false, stage: "look" },
    look: { listed: 0, seen: 0, read: 0 },
    lastSyncAtMs: undefined,
    problems: [],
    conflicts: [],
    deletionsWaiting: 0,
    recent: [],
    refusal: undefined,
    failure: undefined,
    freed: undefined,
  };
}
