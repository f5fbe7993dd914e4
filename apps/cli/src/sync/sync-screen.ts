import type { Problem } from "../output/output.ts";
import { printable } from "@holdfast/core/printable";
import type { EngineStatus } from "@holdfast/sync/loop/status";
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

/**
 * What a sync shows on a terminal: below, in one line that is written over, how far it is, or that all is up to date; above it a line with the time
 * for each thing that a person wants to know later.
 */
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
    for (const each of this.#problems.after(report.problems)) this.tell(`problem: ${problemLine(each)}`);
    this.#tellBrake(report);
    this.#tellState(status, far);
    this.#showFoot(report, far);
  }

  /** A line with the time, above the foot. */
  tell(text: string): void {
    if (this.#foot !== "") clearBar(this.#stderr);
    showLines(this.#stderr, indented(printable(text), this.#stderr.columns || 80, `${formatClock(this.#nowMs())} `));
    if (this.#foot !== "") showBar(this.#stderr, this.#foot);
  }

  /** No more is shown of how far it is: what is under way ends in a moment. */
  stopping(): void {
    this.#isStopping = true;
    if (this.#state !== "idle") this.end();
    this.tell("stopping");
  }

  /** That it is up to date stays; how far it was is of no use any more. */
  end(): void {
    if (this.#foot === "") return;
    clearBar(this.#stderr);
    if (this.#state === "idle") showLines(this.#stderr, [this.#foot]);
    this.#foot = "";
  }

  /** See `ProblemLines`. */
  untold(problems: readonly Problem[]): Problem[] {
    return this.#problems.untold(problems);
  }

  /** @param fresh of conflicts of this run @param found of conflicted copies from before it */
  tellConflicts(fresh: readonly string[], found: readonly string[]): void {
    for (const line of conflictLines(fresh, found)) this.tell(line);
  }

  #tellBrake({ deletions_waiting, state }: SyncReport): void {
    const told = this.#isOnce ? undefined : this.#brake.after(deletions_waiting, state);
    if (told !== undefined) this.tell(told);
  }

  #tellState({ activity }: EngineStatus, { pendingFiles, bytes }: HowFar): void {
    // A look that finds nothing to do changes nothing for a person.
    if (activity === "syncing" && pendingFiles === 0 && bytes.done === 0 && this.#state !== "") return;
    if (activity === this.#state) return;
    const isBack = this.#state === "offline" && activity !== "paused";
    this.#state = activity;
    if (activity === "offline") this.tell("the server cannot be reached; trying again");
    else if (isBack) this.tell("the server is reachable again");
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
    // That all is up to date is said once, and not again with each look.
    if (!isMoving && sameBut(foot, this.#foot)) return;
    this.#foot = foot;
    showBar(this.#stderr, foot);
  }
}

/** Room beside the bar: for "50 %, 100 KiB/s, 1:02:03 left, 123,456 to go" and the beginning of a name. */
const factsColumns = 60;

export interface ProgressFoot extends Omit<HowFar, "changes"> {
  readonly columns: number;
}

/** What is most wanted stands first: where the terminal is narrow names go, then the bar. */
export function progressFoot(foot: ProgressFoot): string {
  const { share, bytes, bytesPerSecond, secondsLeft, pendingFiles, looked, names, columns } = foot;
  const facts = [
    ...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]),
    ...(share === undefined && bytes.of > 0 ? [`${formatBytes(bytes.done)} of ${formatBytes(bytes.of)}`] : []),
    ...(bytesPerSecond > 0 ? [`${formatBytes(Math.round(bytesPerSecond))}/s`] : []),
    ...(secondsLeft === undefined ? [] : [`${formatDuration(secondsLeft)} left`]),
    pendingFiles === 0 ? looked : `${formatNumber(pendingFiles)} to go`,
  ].join(", ");
  // Its width depends on the terminal alone, or it would change with each digit of the facts.
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
