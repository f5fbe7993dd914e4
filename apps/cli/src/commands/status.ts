import { setTimeout as delay } from "node:timers/promises";
import { timeFor } from "../output/listing.ts";
import type { Output } from "../output/output.ts";
import { count, largeCount } from "../output/text.ts";
import type { KnownStatus } from "../sync/last-status.ts";
import type { ShownRules } from "../sync/shown-rules.ts";
import { clearScreen } from "../output/screen.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker, Run } from "./command.ts";

export const statusCommand: CommandMaker = (context) => {
  const command = newCommand("status", "Show what the syncs of this machine do, and where their page is", [
    "status",
    "status ~/Drive",
    "status --watch",
    "status --json",
  ])
    .argument("[folder]", "a synced folder; all of them unless given")
    .option("--watch", "show it again whenever it is another, until Ctrl-C");
  return runs<[string | undefined]>(context, command, async (run, folder, { watch }) => {
    const [{ thisConfigFolder }, { chooseSyncs }, { statusOf }, { rulesOf }] = await Promise.all([
      import("../config/connection.ts"),
      import("../sync/choose-syncs.ts"),
      import("../sync/last-status.ts"),
      import("../sync/shown-rules.ts"),
    ]);
    const look = async (): Promise<Shown[]> => {
      const syncs = await chooseSyncs(thisConfigFolder(context.environment), folder);
      return Promise.all(syncs.map(async (sync) => ({ status: await statusOf(sync), rules: rulesOf(sync) })));
    };
    await (watch === true ? showAgain(run, look) : show(run, await look()));
  });
};

interface Shown {
  readonly status: KnownStatus;
  readonly rules: ShownRules;
}

function show(run: Run, statuses: readonly Shown[]): Promise<void> {
  return run.output.result({ syncs: statuses.map(({ status }) => status.report) }, () =>
    shownLines(run.output, statuses),
  );
}

const watchMs = 1000;

/** On a terminal in place of what was there; elsewhere below it, and with --json a document a line. It ends with Ctrl-C alone. */
async function showAgain(run: Run, look: () => Promise<Shown[]>): Promise<never> {
  const { stdout } = run.context;
  let before = "";
  for (;;) {
    const statuses = await look();
    const now = JSON.stringify(statuses);
    if (now !== before) {
      if (stdout.isTTY === true && !run.output.json) clearScreen(stdout);
      await show(run, statuses);
      before = now;
    }
    await delay(watchMs);
  }
}

function shownLines(output: Output, statuses: readonly Shown[]): string[] {
  if (statuses.length === 0) return ["Nothing is synced here yet. Begin with 'holdfast sync DIR'."];
  return statuses.flatMap(({ status, rules }) => linesOf(output, status).concat(ruleLines(rules)));
}

const words = {
  idle: "in sync",
  syncing: "syncing",
  paused: "paused",
  offline: "the server cannot be reached",
  waiting: "waits for you",
} as const;

const shownMax = 10;

function ruleLines({ excluded, ignored }: ShownRules): string[] {
  const lines = excluded.slice(0, shownMax).map((path) => `  excluded here: ${path}`);
  if (excluded.length > shownMax)
    lines.push(`  and ${excluded.length - shownMax} more: 'holdfast sync DIR --show-rules' lists them`);
  if (ignored.length > 0)
    lines.push(`  ${count(ignored.length, "line")} of .holdfastignore: 'holdfast sync DIR --show-rules' lists them`);
  return lines;
}

function linesOf(output: Output, { report, isRunning }: KnownStatus): string[] {
  const { root, server, account, device, state, page_url, pending_files, last_sync_at } = report;
  const notRunning = state === "paused" ? "not running, and paused" : "not running";
  // Nobody looks while it does not run.
  const todo = isRunning ? `${count(pending_files, "change")} to do` : "what has changed since is not known";
  const lines = [
    `${root}: ${isRunning ? words[state] : notRunning}`,
    `  ${account} at ${server}, as ${device}`,
    `  last in sync ${timeFor(output, last_sync_at)}, ${todo}`,
  ];
  if (page_url !== null) lines.push(`  page: ${page_url}`);
  if (report.deletions_waiting > 0) {
    lines.push(`  ${largeCount(report.deletions_waiting, "deletion")} wait for you: 'holdfast deletes' shows them`);
  }
  if (report.conflicts.length > 0) {
    lines.push(`  ${report.conflicts.length} conflicted: 'holdfast conflicts ls' shows them`);
  }
  for (const { path, message } of report.problems) {
    lines.push(`  ! ${path === "" ? "" : `${path}: `}${message}`);
  }
  return lines;
}
