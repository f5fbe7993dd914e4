import { setTimeout as delay } from "node:timers/promises";
import { shellWord } from "@holdfast/core/shell-word";
import { timeFor } from "../output/listing.ts";
import type { Output, Problem } from "../output/output.ts";
import { count, fitted, formatNumber, shortPath } from "../output/text.ts";
import type { KnownStatus } from "../sync/last-status.ts";
import { printable } from "@holdfast/core/printable";
import type { ClearedFolder } from "../sync/cleared-folders.ts";
import { awaitedOf, awaitedWords } from "../sync/awaited.ts";
import { brakeOffText, waitingSoFar } from "../sync/brake-line.ts";
import { answeredText } from "../sync/group-deletions.ts";
import type { KnownSync } from "../sync/known-syncs.ts";
import type { SyncReport } from "../sync/report.ts";
import type { SyncView } from "../sync/page/sync-view.ts";
import { problemKinds, problemLine } from "../sync/problem-lines.ts";
import type { ShownRules } from "../sync/shown-rules.ts";
import { clearBar, clearScreen } from "../output/screen.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";

export const statusCommand: CommandMaker = (context) => {
  const command = newCommand(
    "status",
    "Show the syncs on this machine and the address of their page",
    ["status", "status ~/Drive", "status --watch", "status --json"],
    "print only a JSON document to standard output; with --watch, one per line for each change",
  )
    .argument("[folder]", "synced folder; default is all")
    .option("--watch", "keep showing status changes until Ctrl-C")
    .option("--all", `list all files with a problem, not only the first ${pathsMax} of each kind`);
  return runs<[string | undefined]>(context, command, async (run, folder, { watch, all }) => {
    const listing = { output: run.output, pathsMax: all === true ? Infinity : pathsMax };
    const [{ thisConfigFolder }, { chooseSyncs }, { statusOf }, { rulesOf }] = await Promise.all([
      import("../config/connection.ts"),
      import("../sync/choose-syncs.ts"),
      import("../sync/last-status.ts"),
      import("../sync/shown-rules.ts"),
    ]);
    const look = async (): Promise<Shown[]> => {
      const syncs = await chooseSyncs(thisConfigFolder(context.environment), folder);
      return Promise.all(
        syncs.map(async (sync) => {
          const status = await statusOf(sync);
          const progress = run.output.json ? null : await progressOf(sync, status);
          return { status, rules: rulesOf(sync), progress, isBrakeOff: sync.record.brake === "off" };
        }),
      );
    };
    const { readCleared } = await import("../sync/cleared-folders.ts");
    const cleared = folder === undefined ? await readCleared(thisConfigFolder(context.environment)) : [];
    await (watch === true ? showAgain(run, listing, look) : show(listing, await look(), cleared));
  });
};

/** Listed files of one kind. Thousands of lines would hide everything else. */
const pathsMax = 20;

interface StatusListing {
  readonly output: Output;
  /** Infinity with `--all`. */
  readonly pathsMax: number;
}

interface Shown {
  readonly status: KnownStatus;
  readonly rules: ShownRules;
  /** null if nothing is being transferred */
  readonly progress: SyncView["progress"];
  readonly isBrakeOff: boolean;
}

/** @returns null from a client of an older version */
async function progressOf(sync: KnownSync, { isRunning, report }: KnownStatus): Promise<SyncView["progress"]> {
  if (!isRunning || report.state !== "syncing") return null;
  const { askView } = await import("../sync/control-client.ts");
  const view = await askView(sync).catch(() => undefined);
  return view?.progress ?? null;
}

function progressLines(progress: SyncView["progress"], columns: number): string[] {
  if (progress === null) return [];
  const { share, done, rate, time_left: timeLeft, names } = progress;
  const facts = [
    // 0 % is omitted: nothing is transferred while a conflicted copy or deletions wait.
    ...(share === null || share === 0 ? [] : [`${Math.floor(share * 100)} %`]),
    done,
    rate,
    ...(timeLeft === "" ? [] : [`${timeLeft} left`]),
  ].filter((fact) => fact !== "");
  return [
    ...(facts.length === 0 ? [] : [`  ${facts.join(", ")}`]),
    ...names.slice(0, 3).map((name) => `    ${shortPath(printable(name), columns - 5)}`),
  ];
}

function show(
  listing: StatusListing,
  statuses: readonly Shown[],
  cleared: readonly ClearedFolder[] = [],
): Promise<void> {
  const { output } = listing;
  const syncs = statuses.map(({ status }) => status.report);
  return output.result(cleared.length === 0 ? { syncs } : { syncs, cleared }, () => [
    ...(cleared.length > 0 && statuses.length === 0 ? [] : shownLines(listing, statuses)),
    ...cleared.flatMap((each) =>
      clearedLines(listing, each).flatMap((line) => fitted(printable(line), output.columns ?? Infinity)),
    ),
  ]);
}

/** Files in the local trash are only counted. */
function clearedLines(listing: StatusListing, { root, account, at, removed, ...cleared }: ClearedFolder): string[] {
  const { output } = listing;
  const head = `${root}: this device was signed out of ${account}, and ${count(removed, "file")} ${removed === 1 ? "was" : "were"} removed from here (${timeFor(output, at)})`;
  const { kept } = cleared;
  if (kept === 0) return [head];
  const own = cleared.kept_paths.filter((path) => !isInTrash(path));
  const inTrash = cleared.kept_in_trash ?? cleared.kept_paths.length - own.length;
  const shown = own.slice(0, listing.pathsMax);
  const hidden = own.length - shown.length;
  const unlisted = kept - inTrash - own.length;
  const listed = hidden > 0 && unlisted === 0 ? ": 'holdfast status --all' lists them" : "";
  return [
    head,
    `  ${count(kept, "file")} ${kept === 1 ? "was" : "were"} kept (changed here, not sent, not synced, or deleted on the server only):`,
    ...shown.map((path) => `  ${printable(path)}`),
    ...(hidden + unlisted > 0 ? [`  and ${formatNumber(hidden + unlisted)} more${listed}`] : []),
    ...(inTrash > 0 ? [`  ${own.length === 0 ? "" : "and "}${count(inTrash, "file")} in .holdfast/trash`] : []),
  ];
}

function isInTrash(path: string): boolean {
  return path.startsWith(".holdfast/trash/");
}

const watchMs = 1000;

/**
 * A terminal is updated in place; otherwise the status is repeated below, with --json one document per line. Ends with
 * Ctrl-C or with the reader of the pipe.
 */
async function showAgain(run: Run, listing: StatusListing, look: () => Promise<Shown[]>): Promise<void> {
  const { stdout } = run.context;
  const { linux } = await import("@holdfast/disk/native");
  // Without changes nothing is written, so a write cannot show that the reader has gone.
  const descriptor: unknown = Reflect.get(stdout, "fd");
  const isRead = (): boolean => typeof descriptor !== "number" || !linux().isReaderGone(descriptor);
  const isScreen = stdout.isTTY === true && !run.output.json;
  if (isScreen) process.once("SIGINT", () => endWatch(stdout));
  let before = "";
  while (isRead()) {
    const statuses = await look();
    const now = JSON.stringify(statuses);
    if (now !== before) {
      if (isScreen) clearScreen(stdout);
      await show(listing, statuses);
      before = now;
    }
    await delay(watchMs);
  }
}

/** Removes the ^C that the terminal has printed below the status. */
function endWatch(stdout: Run["context"]["stdout"]): void {
  clearBar(stdout);
  process.kill(process.pid, "SIGINT");
}

function shownLines(listing: StatusListing, statuses: readonly Shown[]): string[] {
  if (statuses.length === 0) return ["Nothing is synced here yet. Start with 'holdfast sync DIR'."];
  const columns = listing.output.columns ?? Infinity;
  return statuses.flatMap((each) =>
    [...linesOf(listing, each), ...ruleLines(each.rules, each.status.report.root)].flatMap((line) =>
      fitted(printable(line), columns),
    ),
  );
}

const words = {
  idle: "in sync",
  syncing: "syncing",
  paused: "paused",
  offline: "the server cannot be reached",
} as const;

const shownMax = 10;

function ruleLines({ excluded, ignored, broken }: ShownRules, root: string): string[] {
  const listed = `'holdfast sync ${shellWord(root)} --show-rules' lists them`;
  const lines = excluded.slice(0, shownMax).map((path) => `  excluded here: ${path}`);
  if (excluded.length > shownMax) lines.push(`  and ${formatNumber(excluded.length - shownMax)} more: ${listed}`);
  if (ignored.length + broken.length > 0) {
    const none =
      broken.length === 0
        ? ""
        : ` and ${count(broken.length, "line")} in it that ${broken.length === 1 ? "is not a valid pattern" : "are not valid patterns"}`;
    lines.push(`  ${count(ignored.length, "line")} of .holdfastignore${none}: ${listed}`);
  }
  return lines;
}

function linesOf(listing: StatusListing, { status, progress, isBrakeOff }: Shown): string[] {
  const { report, isRunning, isClearing, answers = [] } = status;
  const { root, server, account, device, state, page_url, pending_files, last_sync_at } = report;
  const { output } = listing;
  const columns = output.columns ?? Infinity;
  // The rest of the last run no longer matters.
  if (isClearing) return [`${root}: removing its copies`, ...problemLinesOf(listing, report.problems.slice(0, 1))];
  const notRunning = state === "paused" ? "not running, and paused" : "not running";
  const todo = todoWords(isRunning ? state : "paused", pending_files, progress);
  const stateWords = state === "waiting" ? awaitedWords[awaitedOf(report)] : words[state];
  const synced = last_sync_at === null ? "not in sync yet" : `last in sync ${timeFor(output, last_sync_at)}`;
  const lines = [
    `${root}: ${isRunning ? stateWords : notRunning}`,
    `  ${account} at ${server}, as ${device}`,
    `  ${todo === "" || (last_sync_at === null && todo === uncheckedText) ? synced : `${synced}, ${todo}`}`,
  ];
  lines.push(...progressLines(progress, columns));
  if (page_url !== null) lines.push(`  page: ${page_url}`);
  if (report.deletions_waiting > 0) {
    lines.push(
      `  ${waitingSoFar(report.deletions_waiting, state)} ${report.deletions_waiting === 1 ? "waits" : "wait"} for you: 'holdfast deletes' shows them`,
    );
  }
  for (const { action, answered } of answers)
    lines.push(`  ${answeredText(action, answered)}: 'holdfast deletes' shows them`);
  if (isBrakeOff) lines.push(`  ${brakeOffText(root)}`);
  if (report.conflicts.length > 0) {
    lines.push(
      `  ${conflictedCopies(report.conflicts.length)}: 'holdfast conflicts ls' shows ${report.conflicts.length === 1 ? "it" : "them"}`,
    );
  }
  return lines.concat(problemLinesOf(listing, report.problems));
}

function conflictedCopies(number: number): string {
  return number === 1 ? "1 conflicted copy" : `${formatNumber(number)} conflicted copies`;
}

const uncheckedText = "changes since then have not been checked";

/** Returns the remaining work. "Nothing left" is certain only after all results of a full scan are done. */
function todoWords(state: SyncReport["state"], pendingFiles: number, progress: SyncView["progress"]): string {
  // A stopped or paused sync does not scan.
  if (state === "paused") return uncheckedText;
  if (pendingFiles > 0) return `${count(pendingFiles, "change")} left`;
  if (state === "idle") return "nothing left to do";
  if (state === "syncing") return progress?.looked || progress?.left || "looking for changes";
  return state === "offline" ? uncheckedText : "";
}

function problemLinesOf({ output, pathsMax: listed }: StatusListing, problems: readonly Problem[]): string[] {
  return problemKinds(problems).flatMap((alike) => {
    const [{ message }] = alike;
    const isOne = alike.length > 1 && alike.every((each) => each.message === message);
    const shown = alike.slice(0, listed);
    const rest = alike.length - shown.length;
    const lines = isOne ? [`  ! ${count(alike.length, "file")}: ${message}`] : [];
    const columns = output.columns ?? Infinity;
    for (const problem of shown)
      lines.push(isOne ? `      ${shortPath(printable(problem.path), columns - 7)}` : `  ! ${problemLine(problem)}`);
    if (rest > 0)
      lines.push(`${isOne ? "      " : "  ! "}and ${formatNumber(rest)} more: 'holdfast status --all' lists them`);
    return lines;
  });
}
