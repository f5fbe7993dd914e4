import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { idOf } from "../../data-folder/known-folder.ts";
import type { DatabaseLog } from "../database-log.ts";

/** Contents of `postmaster.pid` (src/include/utils/pidfile.h). */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** The cluster's path at its start, to which it writes `global/pg_control`. */
  readonly clusterFolder: string;
  /** Empty without a Unix socket. */
  readonly socketFolder: string;
}

export function readPostmasterFile(clusterFolder: string): PostmasterFile | undefined {
  const path = postmasterFile(clusterFolder);
  if (!existsSync(path)) return undefined;
  const [pid, folder, , port, socketFolder] = readFileSync(path, "utf8").split("\n");
  // Negative for a single-user backend; missing after a crash.
  const number = Math.abs(Number(pid));
  if (!Number.isSafeInteger(number) || number <= 1) return undefined;
  return { pid: number, clusterFolder: folder ?? "", port: Number(port), socketFolder: socketFolder ?? "" };
}

/**
 * Needs the lock of the data folder. Stops a killed server's postmaster, waits for a killed postmaster's sessions, and
 * removes an obsolete pid file: PostgreSQL refuses to start if another process of its user has that process id.
 */
export async function stopLeftover(clusterFolder: string, log: DatabaseLog): Promise<void> {
  const file = readPostmasterFile(clusterFolder);
  const left = processesIn(clusterFolder, file?.pid);
  if (left.length > 0) {
    const orphan = file !== undefined && left.includes(file.pid) ? file.pid : undefined;
    log.warn({ pid: orphan, processes: left.length }, "stopping database processes that a killed server left running");
    if (file === undefined || orphan === undefined) await stopProcessesIn(clusterFolder, file?.pid, 1000);
    else if (isSameFolder(file.clusterFolder, clusterFolder)) {
      signal(orphan, "SIGINT");
      await stopProcessesIn(clusterFolder, orphan, 5000);
    } else {
      // The moved cluster's checkpoint would write into one at its former path.
      await stopProcessesIn(clusterFolder, orphan);
    }
  }
  rmSync(postmasterFile(clusterFolder), { force: true });
}

function isSameFolder(one: string, other: string): boolean {
  try {
    return idOf(one) === idOf(other);
  } catch {
    return false;
  }
}

/** @param graceMs time to end on their own */
export async function stopProcessesIn(folder: string, knownPid?: number, graceMs = 0): Promise<void> {
  if (await areGone(folder, knownPid, graceMs)) return;
  for (const name of ["SIGQUIT", "SIGKILL"] as const) {
    for (const pid of processesIn(folder, knownPid)) signal(pid, name);
    if (await areGone(folder, knownPid, 5000)) return;
  }
  throw new HoldfastError(
    "failed",
    `Processes ${processesIn(folder, knownPid).join(", ")} still use ${folder} and cannot be stopped. Stop them manually and start again.`,
  );
}

/**
 * Synchronous `stopProcessesIn`, for a process that is about to exit.
 * @returns true if they are gone
 */
export function stopProcessesNow(folder: string): boolean {
  const pid = readPostmasterFile(folder)?.pid;
  for (const name of ["SIGQUIT", "SIGKILL"] as const) {
    for (const left of processesIn(folder, pid)) signal(left, name);
    const end = performance.now() + 2000;
    while (performance.now() < end && processesIn(folder, pid).length > 0) Atomics.wait(pause, 0, 0, 10);
  }
  return processesIn(folder, pid).length === 0;
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Empty if the process has ended, or the system has no /proc. */
export function programIdOf(pid: number): string {
  try {
    return idOf(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}

/**
 * Kills processes that work in the folder, even if it was moved.
 * @param folderId from `idOf`, as for the program, so that a shell in that folder is not killed
 * @returns number of killed processes; 0 without /proc
 */
export function killProcessesOf(folderId: string, programId: string): number {
  if (process.platform !== "linux") return 0;
  const found = readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return idOf(`/proc/${name}/cwd`) === folderId && programIdOf(Number(name)) === programId;
    } catch {
      // It has just ended, or belongs to another user.
      return false;
    }
  });
  for (const pid of found) signal(Number(pid), "SIGKILL");
  return found.length;
}

function postmasterFile(clusterFolder: string): string {
  return join(clusterFolder, "postmaster.pid");
}

async function areGone(folder: string, knownPid: number | undefined, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (processesIn(folder, knownPid).length > 0) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/**
 * Every process of a cluster works in its folder. Zombies have none.
 * @param knownPid the only detectable process without /proc
 */
export function processesIn(folder: string, knownPid?: number): readonly number[] {
  if (process.platform === "linux") return linuxProcessesIn(existsSync(folder) ? realpathSync(folder) : folder);
  return knownPid !== undefined && isPostmasterOf(knownPid, folder) ? [knownPid] : [];
}

function linuxProcessesIn(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const current = currentFolderOf(pid);
      return current !== undefined && (current === folder || current.startsWith(`${folder}/`));
    })
    .map(Number);
}

function currentFolderOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has just ended, or belongs to another user.
    return undefined;
  }
}

function isPostmasterOf(pid: number, clusterFolder: string): boolean {
  try {
    process.kill(pid, 0);
    const list =
      process.platform === "win32"
        ? ["tasklist", "/FI", `PID eq ${pid}`, "/NH"]
        : ["ps", "-p", `${pid}`, "-o", "args="];
    const [program = "", ...args] = list;
    const answer = execFileSync(program, args, { encoding: "utf8" });
    return process.platform === "win32" ? answer.includes("postgres.exe") : answer.includes(clusterFolder);
  } catch {
    // Neither kill nor ps finds it.
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
