import { toHoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import type { EngineStatus } from "@holdfast/sync/loop/engine/status";
import type { Output, Problem } from "../output/output.ts";
import { showLines } from "../output/screen.ts";
import { count, formatBytes, formatNumber } from "../output/text.ts";
import { awaitedOf, awaitedWords } from "./awaited.ts";
import { BrakeLine } from "./brake-line.ts";
import { filesAndFolders } from "./group-deletions.ts";
import type { SyncRecord } from "./known-syncs.ts";
import { conflictLines } from "./conflict-lines.ts";
import { problemLine, ProblemLines } from "./problem-lines.ts";
import type { HowFar } from "./progress-meter.ts";
import { SyncScreen, type Terminal } from "./sync-screen.ts";
import type { RecentChange } from "@holdfast/sync/loop/reports/progress";
import type { SyncReport } from "./report.ts";

export function reportOf(
  { root, server, account, device }: SyncRecord,
  status: EngineStatus,
  { pageUrl, problems = [] }: { readonly pageUrl: string | null; readonly problems?: SyncReport["problems"] },
): SyncReport {
  // A rejected sync waits for a person.
  const state = status.activity === "refused" ? "waiting" : status.activity;
  const refusal = status.refusal === undefined ? [] : [{ path: "", code: "refused", message: status.refusal }];
  return {
    root,
    server,
    account,
    device,
    state,
    page_url: pageUrl,
    pending_files: status.pendingFiles,
    last_sync_at: status.lastSyncAtMs === undefined ? null : new Date(status.lastSyncAtMs).toISOString(),
    problems: [...refusal, ...problems, ...status.problems.map(({ path, code, message }) => ({ path, code, message }))],
    conflicts: [...status.conflicts],
    deletions_waiting: status.deletionsWaiting,
  };
}

export function inWords({ what, direction }: Pick<RecentChange, "what" | "direction">): string {
  if (what === "copied aside") return "saved as a conflicted copy:";
  if (what === "share ended") return "removed here because the share ended:";
  if (direction === "down" && what === "created") return "downloaded:";
  if (direction === "down" && what === "changed") return "downloaded new version:";
  return `${what} ${direction === "up" ? "here" : "on the server"}:`;
}

export function pathWords({ path, from }: Pick<RecentChange, "path" | "from">): string {
  return from === undefined ? path : `${path} (from ${from})`;
}

/** undefined before the first transfer or deletion */
function doneWords(progress: EngineStatus["progress"]): string | undefined {
  const { filesUp, filesDown, bytesUp, bytesDown, deletedHere, deletedOnServer } = progress;
  const transfers = [
    { verb: "uploaded", files: filesUp, bytes: bytesUp },
    { verb: "downloaded", files: filesDown, bytes: bytesDown },
  ].filter(({ files, bytes }) => files + bytes > 0);
  const deletions = [
    { side: "on the server", deleted: deletedOnServer },
    { side: "here", deleted: deletedHere },
  ].filter(({ deleted: { files, folders } }) => files + folders > 0);
  const parts = [
    ...transfers.map(({ verb, files, bytes }) => `${verb} ${count(files, "file")} (${formatBytes(bytes)})`),
    ...deletions.map(({ side, deleted }) => `deleted ${filesAndFolders(deleted)} ${side}`),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

/** Excludes bytes that were sent for files that the server refused. */
function acceptedOf(progress: EngineStatus["progress"]): EngineStatus["progress"] {
  return { ...progress, bytesUp: progress.bytesAccepted };
}

function movedToTrash(root: string, files: number, bytes: number): string {
  const trash = printable(`${root}/.holdfast/trash`);
  const [copies, were, they] = files === 1 ? ["copy", "was", "it is"] : ["copies", "were", "they are"];
  return `${formatNumber(files)} local ${copies} (${formatBytes(bytes)}) ${were} moved to ${trash}, where ${they} kept for 30 days. To free the space now, empty ${trash}; the files stay on the server.`;
}

/** The run either recovers from the current failure, or throws it at its end. */
function withoutFailure(report: SyncReport, { failure, refusal }: EngineStatus): SyncReport {
  const code = refusal === undefined ? failure : "refused";
  return { ...report, problems: report.problems.filter((each) => each.path !== "" || each.code !== code) };
}

const lineIntervalMs = 5000;

const words: Readonly<Record<Exclude<EngineStatus["activity"], "waiting">, string>> = {
  idle: "in sync",
  syncing: "syncing",
  paused: "paused; 'holdfast resume' continues",
  offline: "the server cannot be reached; trying again",
  refused: "stopped",
};

export interface ReporterOptions {
  /** Monotonic clock. */
  readonly nowMs: () => number;
  readonly unixMs: () => number;
  readonly logs: boolean;
  /** With --once, the final result reports a pause, waiting deletions and failures, so they are not shown before. */
  readonly isOnce?: boolean;
}

/** Writes for a person (stderr) or a program (stdout, one line of JSON per change), and only changes. */
export class SyncReporter {
  readonly #output: Output;
  readonly #stderr: Terminal;
  readonly #nowMs: () => number;
  readonly #logs: boolean;
  readonly #isOnce: boolean;
  #lastState = "";
  #lastJson = "";
  #lastProgressMs = -Infinity;
  readonly #problems = new ProblemLines();
  /** undefined without a terminal */
  readonly #screen: SyncScreen | undefined;
  readonly #brake = new BrakeLine();
  #freed: EngineStatus["freed"];

  constructor(output: Output, stderr: Terminal, { nowMs, unixMs, logs, isOnce = false }: ReporterOptions) {
    this.#screen = stderr.isTTY === true && !output.quiet ? new SyncScreen(stderr, unixMs, isOnce) : undefined;
    this.#logs = logs;
    this.#isOnce = isOnce;
    this.#output = output;
    this.#stderr = stderr;
    this.#nowMs = nowMs;
  }

  /**
   * The URL contains the token and others may read a log, so only a terminal shows it.
   * @param pageUrl null without a page
   */
  begin(root: string, pageUrl: string | null): void {
    if (this.#output.quiet) return;
    if (this.#screen !== undefined) showLines(this.#stderr, [`sync: ${root}, page: ${pageUrl}`]);
    else if (!this.#isOnce) this.#line(`sync: ${root}; 'holdfast status' shows the address of its page`);
  }

  stopping(): void {
    if (this.#output.quiet) return;
    if (this.#screen === undefined) this.#line("sync: stopping");
    else this.#screen.stopping();
  }

  conflicts(fresh: readonly string[], found: readonly string[]): void {
    if (this.#screen !== undefined) this.#screen.printConflicts(fresh, found);
    else if (!this.#output.quiet) for (const line of conflictLines(fresh, found)) this.#line(`sync: ${line}`);
  }

  async show(status: EngineStatus, whole: SyncReport, far: HowFar): Promise<void> {
    if (this.#output.json && !this.#isOnce) await this.#showJson(whole);
    const report = this.#isOnce ? withoutFailure(whole, status) : whole;
    if (this.#output.quiet) {
      if (!this.#isOnce) this.#showProblems(report);
      return;
    }
    if (this.#screen !== undefined) {
      this.#showFreed(status, report);
      return this.#screen.show(status, report, far);
    }
    // A scan without results, such as each attempt to reach a server that rejects the login, is not reported.
    const isOnlyLook = status.activity === "syncing" && far.pendingFiles === 0 && this.#lastState !== "";
    const { activity } = status;
    const state = activity === "waiting" ? awaitedWords[awaitedOf(report)] : words[activity];
    if (state !== this.#lastState && !isOnlyLook) {
      this.#lastState = state;
      if (!(this.#isOnce && activity === "paused")) this.#line(`sync: ${state}`);
    }
    this.#showProblems(report);
    this.#showFreed(status, report);
    this.#showProgress(status, far);
  }

  /** Reports a failure to show or save the status. The sync continues. */
  fail(thrown: unknown): void {
    this.#line(`holdfast: ${toHoldfastError(thrown).message}`);
  }

  done(change: RecentChange): void {
    if (this.#logs && !this.#output.quiet) this.#line(`sync: ${inWords(change)} ${pathWords(change)}`);
  }

  /** Called once when the rules change. */
  hidden(text: string): void {
    if (!this.#output.quiet) this.#line(`sync: ${text}`);
  }

  sum({ progress }: Pick<EngineStatus, "progress">): void {
    if (!this.#output.quiet)
      this.#line(`sync: ${doneWords(acceptedOf(progress)) ?? "nothing was uploaded or downloaded"}`);
  }

  /** @returns problems that were not shown yet; with --quiet all of them */
  unreported(problems: readonly Problem[]): readonly Problem[] {
    return this.#output.quiet ? problems : (this.#screen ?? this.#problems).unreported(problems);
  }

  end(): void {
    this.#screen?.end();
  }

  async #showJson(report: SyncReport): Promise<void> {
    const json = JSON.stringify(report);
    if (json === this.#lastJson) return;
    this.#lastJson = json;
    await this.#output.result(report, () => []);
  }

  #showProblems({ problems, deletions_waiting, state }: SyncReport): void {
    for (const each of this.#problems.after(problems)) this.#line(`sync: ! ${problemLine(each)}`);
    const line = this.#isOnce ? undefined : this.#brake.after(deletions_waiting, state);
    if (line !== undefined) this.#line(`sync: ! ${line}.`);
  }

  #showFreed({ freed }: EngineStatus, { root }: SyncReport): void {
    if (freed === undefined || freed === this.#freed) return;
    this.#freed = freed;
    const { files, bytes, kept } = freed;
    if (files > 0) return this.#line(`sync: ${movedToTrash(root, files, bytes)}`);
    const why = kept.length > 0 ? "the copies here differ from those on the server" : "there are no copies here";
    this.#line(`sync: excluding freed no space: ${why}`);
  }

  #showProgress(status: EngineStatus, { pendingFiles, looked }: HowFar): void {
    if (status.activity !== "syncing" || this.#lastState !== "syncing") return;
    const now = this.#nowMs();
    // A short scan is not reported.
    if (pendingFiles === 0 && this.#lastProgressMs === -Infinity) this.#lastProgressMs = now;
    if (now - this.#lastProgressMs < lineIntervalMs) return;
    this.#lastProgressMs = now;
    const todo = pendingFiles === 0 ? looked : `${count(pendingFiles, "change")} left`;
    this.#line(`sync: ${[todo, doneWords(status.progress) ?? []].flat().join(", ")}`);
  }

  #line(text: string): void {
    if (this.#screen === undefined) return void showLines(this.#stderr, [text]);
    this.#screen.print(text.replace(/^sync: /, ""));
  }
}
