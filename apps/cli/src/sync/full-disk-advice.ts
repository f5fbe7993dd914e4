import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { shellWord } from "@holdfast/core/shell-word";
import { stateDiskFull } from "@holdfast/sync/state/manifests";
import { unitName } from "../service/sync-unit.ts";
import { userUnitFolder } from "../service/write-unit.ts";
import { isDiskHereFull } from "../output/system-failure.ts";
import type { SyncReport } from "./report.ts";

/** `stopped`: for a report that is read after the run. */
export type Start = "once" | "by hand" | "as a service" | "stopped";

/** INVOCATION_ID marks services of systemd. A terminal may have inherited it. */
export function startOf(
  root: string,
  environment: Readonly<Record<string, string | undefined>>,
  { isOnce, isTerminal }: { readonly isOnce: boolean; readonly isTerminal: boolean },
): Start {
  if (isOnce) return "once";
  if (isTerminal || environment["INVOCATION_ID"] === undefined) return "by hand";
  return existsSync(join(userUnitFolder(environment, homedir()), unitName(root))) ? "as a service" : "by hand";
}

/** `hasState`: the configuration folder is on the same disk. */
export interface DiskOfSync {
  readonly root: string;
  readonly hasState: boolean;
}

export function diskOf(root: string, configFolder: string): DiskOfSync {
  const [ofRoot, ofState] = [root, configFolder].map((path) => statSync(path, { throwIfNoEntry: false })?.dev);
  return { root, hasState: ofRoot !== undefined && ofRoot === ofState };
}

/**
 * Adds advice to the problem of a full local disk; a full server has no path. If the state is on the same disk, both
 * become one problem.
 */
export function withAdvice(problems: SyncReport["problems"], disk: DiskOfSync, start: Start): SyncReport["problems"] {
  const isOne = disk.hasState && problems.some(isOfState);
  return problems
    .filter((problem) => !isOne || !isOfFile(problem))
    .map((problem) => {
      const { path, code, message } = problem;
      if (isOfFile(problem)) return { path, code, message: `${message} ${fullDiskAdvice(disk.root, start)}` };
      return isOne && isOfState(problem) ? { path, code, message: oneDiskText(disk.root, start) } : problem;
    });
}

type Problem = SyncReport["problems"][number];

/** Needs a problem without advice. */
export function isFullHere(problem: Problem): boolean {
  return isOfFile(problem) || isOfState(problem);
}

function isOfFile({ code, path }: Problem): boolean {
  return code === "store_full" && path !== "";
}

/** Includes a login that could not be saved there. */
function isOfState({ path, code, message }: Problem): boolean {
  return path === "" && (message === stateDiskFull || (code === "store_full" && isDiskHereFull({ message })));
}

/** Freeing single files does not help, because the state could not be written. */
function oneDiskText(root: string, start: Start): string {
  const full = "The disk of this folder, which also stores the state of the sync, is full.";
  if (start === "by hand" || start === "as a service")
    return `${full} Nothing is synced until you free some space on it; the sync then continues by itself.`;
  return `${full} Nothing is synced until you free some space on it. ${again(root, start)}`;
}

function again(root: string, start: "once" | "stopped"): string {
  const once = start === "once" ? " --once" : "";
  return `Then run holdfast sync ${shellWord(root)}${once} again.`;
}

function fullDiskAdvice(root: string, start: Start): string {
  const run = `holdfast sync ${shellWord(root)} --exclude FOLDER --free-space --once`;
  const empty = `then empty ${shellWord(`${root}/.holdfast/trash`)}, which contains the local copies`;
  if (start === "once" || start === "stopped")
    return `Free some space on the disk. ${again(root, start)} To keep a folder only on the server, run ${run} (${empty}).`;
  const unit = unitName(root);
  const [stop, restart] =
    start === "by hand"
      ? ["stop this sync with Ctrl-C", "start the sync again"]
      : [`stop the service with systemctl --user stop ${unit}`, `run systemctl --user start ${unit}`];
  return `Free some space on the disk: the sync then continues by itself. To keep a folder only on the server, ${stop} and run ${run} (${empty}, and ${restart}).`;
}
