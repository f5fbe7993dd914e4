import { count, formatTime } from "../output/text.ts";
import type { KnownStatus } from "../sync/last-status.ts";
import type { ShownRules } from "../sync/shown-rules.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const statusCommand: CommandMaker = (context) => {
  const command = newCommand("status", "Show what the syncs of this machine do, and where their page is", [
    "status",
    "status ~/Drive",
    "status --json",
  ]).argument("[folder]", "a synced folder; all of them unless given");
  return runs<[string | undefined]>(context, command, async (run, folder) => {
    const [{ thisConfigFolder }, { chooseSyncs }, { statusOf }, { rulesOf }] = await Promise.all([
      import("../config/connection.ts"),
      import("../sync/choose-syncs.ts"),
      import("../sync/last-status.ts"),
      import("../sync/shown-rules.ts"),
    ]);
    const syncs = await chooseSyncs(thisConfigFolder(context.environment), folder);
    const statuses = await Promise.all(syncs.map((sync) => statusOf(sync)));
    const rules = syncs.map((sync) => rulesOf(sync));
    const shown = statuses.map(({ report }, index) => ({ ...report, rules: rules[index] }));
    await run.output.result({ syncs: shown }, () =>
      statuses.length === 0
        ? ["Nothing is synced here yet. Begin with 'holdfast sync DIR'."]
        : statuses.flatMap((status, index) => linesOf(status).concat(ruleLines(rules[index]))),
    );
  });
};

const words = {
  idle: "in sync",
  syncing: "syncing",
  paused: "paused",
  offline: "the server cannot be reached",
  waiting: "waits for you",
} as const;

const shownMax = 10;

function ruleLines({ excluded, ignored }: ShownRules = { excluded: [], ignored: [] }): string[] {
  const lines = excluded.slice(0, shownMax).map((path) => `  excluded here: ${path}`);
  if (excluded.length > shownMax)
    lines.push(`  and ${excluded.length - shownMax} more: 'holdfast sync DIR --show-rules' lists them`);
  if (ignored.length > 0) lines.push(`  ${count(ignored.length, "line")} of .holdfastignore`);
  return lines;
}

function linesOf({ report, isRunning }: KnownStatus): string[] {
  const { root, server, account, device, state, page_url, pending_files, last_sync_at } = report;
  const notRunning = state === "paused" ? "not running, and paused" : "not running";
  const lines = [
    `${root}: ${isRunning ? words[state] : notRunning}`,
    `  ${account} at ${server}, as ${device}`,
    `  last in sync ${formatTime(last_sync_at)}, ${count(pending_files, "change")} to do`,
  ];
  if (page_url !== null) lines.push(`  page: ${page_url}`);
  if (report.deletions_waiting > 0) {
    lines.push(`  ${count(report.deletions_waiting, "deletion")} wait for you: 'holdfast deletes ls' shows them`);
  }
  if (report.conflicts.length > 0) {
    lines.push(`  ${report.conflicts.length} conflicted: 'holdfast conflicts ls' shows them`);
  }
  for (const { path, message } of report.problems) {
    lines.push(`  ! ${path === "" ? "" : `${path}: `}${message}`);
  }
  return lines;
}
