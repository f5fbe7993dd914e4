import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { shellWord } from "@holdfast/core/shell-word";
import { unitName } from "../service/sync-unit.ts";
import { userUnitFolder } from "../service/write-unit.ts";
import type { SyncReport } from "./report.ts";

/** How the sync runs, which decides how a person makes room for a second run. */
export type Start = "once" | "by hand" | "as a service";

/** systemd gives its services an identifier, which their children inherit: a terminal has it without being the service. */
export function startOf(
  root: string,
  environment: Readonly<Record<string, string | undefined>>,
  { isOnce, isTerminal }: { readonly isOnce: boolean; readonly isTerminal: boolean },
): Start {
  if (isOnce) return "once";
  if (isTerminal || environment["INVOCATION_ID"] === undefined) return "by hand";
  return existsSync(join(userUnitFolder(environment, homedir()), unitName(root))) ? "as a service" : "by hand";
}

/** Adds the commands that make room to the problem of a full disk here; a full server has no path. */
export function withAdvice(problems: SyncReport["problems"], root: string, start: Start): SyncReport["problems"] {
  return problems.map((problem) =>
    problem.code === "store_full" && problem.path !== ""
      ? { ...problem, message: `${problem.message} ${fullDiskAdvice(root, start)}` }
      : problem,
  );
}

function fullDiskAdvice(root: string, start: Start): string {
  const run = `holdfast sync ${shellWord(root)} --exclude FOLDER --free-space --once`;
  const empty = `then empty ${shellWord(`${root}/.holdfast/trash`)}, which contains the local copies`;
  if (start === "once")
    return `Free some space on the disk and run this command again. To keep a folder only on the server, run ${run} (${empty}).`;
  const unit = unitName(root);
  const [stop, restart] =
    start === "by hand"
      ? ["stop this sync with Ctrl-C", "start the sync again"]
      : [`stop the service with systemctl --user stop ${unit}`, `run systemctl --user start ${unit}`];
  return `Free some space on the disk: the sync then continues by itself. To keep a folder only on the server, ${stop} and run ${run} (${empty}, and ${restart}).`;
}
