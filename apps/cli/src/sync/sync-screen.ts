import type { Problem } from "../output/output.ts";
import { printable } from "@holdfast/core/printable";
import type { EngineStatus } from "@holdfast/sync/loop/engine/status";
import { clearBar, showBar, showLines } from "../output/screen.ts";
import {
  columnsOf,
  count,
  firstClauses,
  formatBytes,
  formatClock,
  formatDuration,
  formatNumber,
  indented,
  shortPath,
} from "../output/text.ts";
import { awaitedOf, awaitedWords } from "./awaited.ts";
import { BrakeLine } from "./brake-line.ts";
import { conflictLines } from "./conflict-lines.ts";
import { problemLine, ProblemLines } from "./problem-lines.ts";
import type { HowFar } from "./progress-meter.ts";
import type { SyncReport } from "./report.ts";
import type { Writable } from "node:stream";

const barIntervalMs = 250;

/** The last line shows the state and is overwritten. Lines with a time above it record events. */
export class SyncScreen {
  readonly #stderr: Terminal;
  readonly #nowMs: () => number;
  readonly #problems = new ProblemLines();
  #state = "";
  readonly #brake = new BrakeLine();
  readonly #isOnce: boolean;
  #foot = "";
  #lastBarMs = -Infinity;
  #isStopping = false;

  /** @param nowMs Unix milliseconds */
  constructor(stderr: Terminal, nowMs: () => number, isOnce = false) {
    this.#isOnce = isOnce;
    this.#stderr = stderr;
    this.#nowMs = nowMs;
  }

  show(status: EngineStatus, report: SyncReport, far: HowFar): void {
    for (const each of this.#problems.after(report.problems)) this.print(`problem: ${problemLine(each)}`);
    this.#printBrake(report);
    this.#printState(status, far);
    this.#showFoot(report, far);
  }

  print(text: string): void {
    if (this.#foot !== "") clearBar(this.#stderr);
    showLines(this.#stderr, indented(printable(text), this.#stderr.columns || 80, `${formatClock(this.#nowMs())} `));
    if (this.#foot !== "") showBar(this.#stderr, this.#foot);
  }

  /** Current work ends shortly, so no progress is shown. */
  stopping(): void {
    this.#isStopping = true;
    if (this.#state !== "idle") this.end();
    this.print("stopping");
  }

  /** Keeps the last line only if it says that everything is in sync. */
  end(): void {
    if (this.#foot === "") return;
    clearBar(this.#stderr);
    if (this.#state === "idle") showLines(this.#stderr, [this.#foot]);
    this.#foot = "";
  }

  unreported(problems: readonly Problem[]): Problem[] {
    return this.#problems.unreported(problems);
  }

  /** @param fresh conflicts of this run @param found earlier conflicted copies */
  printConflicts(fresh: readonly string[], found: readonly string[]): void {
    for (const line of conflictLines(fresh, found)) this.print(line);
  }

  #printBrake({ deletions_waiting, state }: SyncReport): void {
    const line = this.#isOnce ? undefined : this.#brake.after(deletions_waiting, state);
    if (line !== undefined) this.print(line);
  }

  #printState({ activity }: EngineStatus, { pendingFiles, bytes }: HowFar): void {
    // A scan without results is not shown.
    if (activity === "syncing" && pendingFiles === 0 && bytes.done === 0 && this.#state !== "") return;
    if (activity === this.#state) return;
    const isBack = this.#state === "offline" && activity !== "paused";
    this.#state = activity;
    if (activity === "offline") this.print("the server cannot be reached; trying again");
    else if (isBack) this.print("the server is reachable again");
  }

  #showFoot(report: SyncReport, far: HowFar): void {
    if (this.#isStopping) return;
    const isMoving = this.#state === "syncing";
    const now = this.#nowMs();
    if (isMoving && now - this.#lastBarMs < barIntervalMs) return;
    this.#lastBarMs = now;
    const columns = this.#stderr.columns || 80;
    const foot = isMoving
      ? progressFoot({ ...far, columns })
      : firstClauses(restingLine(this.#state, report, now), columns - 1);
    // Shows once that everything is in sync, not after each scan.
    if (!isMoving && sameBut(foot, this.#foot)) return;
    this.#foot = foot;
    showBar(this.#stderr, foot);
  }
}

/** Room beside the bar: "50 %, 100 KiB/s, 1:02:03 left, 123,456 to go" and the start of a name. */
const factsColumns = 60;

export interface ProgressFoot extends Omit<HowFar, "changes"> {
  readonly columns: number;
}

/** Puts the most important facts first. A narrow terminal omits names, then the bar. */
export function progressFoot(foot: ProgressFoot): string {
  const { share, bytes, bytesPerSecond, secondsLeft, pendingFiles, looked, names, columns } = foot;
  const facts = [
    ...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]),
    ...(share === undefined && bytes.of > 0 ? [`${formatBytes(bytes.done)} of ${formatBytes(bytes.of)}`] : []),
    ...(bytesPerSecond > 0 ? [`${formatBytes(Math.round(bytesPerSecond))}/s`] : []),
    ...(secondsLeft === undefined ? [] : [`${formatDuration(secondsLeft)} left`]),
    pendingFiles === 0 ? looked : `${formatNumber(pendingFiles)} to go`,
  ].join(", ");
  // Depends only on the terminal. Otherwise the bar would change with each digit of the facts.
  const width = Math.min(20, columns - factsColumns);
  const filled = Math.round((share ?? 0) * width);
  const isShown = share !== undefined && width >= 5 && width + facts.length + 4 <= columns;
  const bar = isShown ? `[${"#".repeat(filled)}${"-".repeat(width - filled)}] ` : "";
  const room = columns - 1 - bar.length - facts.length - 2;
  const all = printable(names.join(", "));
  const moving = columnsOf(all) <= room ? all : printable(names[0] ?? "");
  const shown = moving === "" || room < 10 ? "" : `  ${shortPath(moving, room)}`;
  return shown === "" ? firstClauses(`${bar}${facts}`, columns - 1) : `${bar}${facts}${shown}`;
}

function restingLine(state: string, report: SyncReport, now: number): string {
  const problems = report.problems.length;
  const listed =
    problems === 0
      ? ""
      : `, ${count(problems, "problem")}: 'holdfast status' ${problems === 1 ? "shows it" : "lists them"}`;
  const words: Readonly<Record<string, string>> = {
    idle: `in sync since ${formatClock(now)}${listed}`,
    paused: "paused; 'holdfast resume' continues",
    offline: "the server cannot be reached; trying again",
    waiting: `${awaitedWords[awaitedOf(report)]}${listed}`,
    refused: "stopped",
  };
  return words[state] ?? "looking for changes";
}

function sameBut(one: string, other: string): boolean {
  const withoutClock = (line: string): string => line.replace(/since \S+/, "");
  return withoutClock(one) === withoutClock(other);
}

export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };
