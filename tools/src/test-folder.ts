import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Folders of tests, whose names say which process of which user made them. Several users run tests on one machine, and a run may be
 * killed at any moment: what an ended process of the same user left is cleared by the next run, and all else is left alone.
 *
 * @param parent where folders of any user may be
 */
export function makeTestFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, `holdfast-${ownUid}-${process.pid}-${startOf(process.pid)}-`));
  // Root's databases run as other users, who have to pass to folders of their own in here.
  if (ownUid === 0) chmodSync(folder, 0o711);
  return folder;
}

const memoryFolder = "/dev/shm";

/** A folder in memory if that much is free there, otherwise the usual temporary folder: on a disk tests take a sixth longer. */
export function fastFolder(freeBytes: number): string {
  if (!existsSync(memoryFolder)) return tmpdir();
  const { bavail, bsize } = statfsSync(memoryFolder);
  return Math.min(bavail * bsize, process.availableMemory()) > freeBytes ? memoryFolder : tmpdir();
}

/** Where tests find what is made once for all of a run: the run's own temporary folder, or one of this process where no runner gave any. */
export function runFolder(): string {
  if (makerOf(tmpdir()) !== undefined) return tmpdir();
  if (ownFolder === undefined) {
    const made = makeTestFolder();
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    ownFolder = made;
  }
  return ownFolder;
}

/**
 * A folder that all processes of the run share once one of them has made it. Of several at once each makes its own, and the first to
 * rename it wins.
 * @param make fills the folder that it is given
 */
export async function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(runFolder(), name);
  if (existsSync(folder)) return folder;
  const made = mkdtempSync(`${folder}-`);
  await make(made);
  try {
    renameSync(made, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(made, { recursive: true, force: true });
  }
  return folder;
}

/** Clears what ended processes of this user left in `parent`. */
export async function sweepTestFolders(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    const maker = makerOf(folder);
    if (maker === undefined || startOf(maker.pid) === maker.start) continue;
    const claim = makeTestFolder(parent);
    try {
      renameSync(folder, join(claim, "left"));
    } catch (error) {
      // Another run was faster.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    await clearTestFolder(claim, folder);
  }
}

/**
 * Ends what runs in the folder, and what has it for its temporary folder, and removes it.
 * @param name of the folder when they were started
 */
export async function clearTestFolder(folder: string, name = folder): Promise<void> {
  await endProcesses(() => processes().filter((pid) => temporaryFolderOf(pid) === name), ["SIGKILL"]);
  // At the first a database takes back what it has of the kernel.
  await endProcesses(() => processes().filter((pid) => isIn(pid, folder)), ["SIGQUIT", "SIGKILL"]);
  try {
    for (const mount of mountsIn(folder)) execFileSync("umount", [mount], { stdio: "pipe" });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    // Something of another user's in there, say: no reason to test nothing.
    console.error(
      `What an earlier run of the tests left cannot be removed (${(error as Error).message}). Remove ${folder} by hand.`,
    );
  }
}

let ownFolder: string | undefined;
const ownUid = process.getuid?.() ?? 0;
const endTimeoutMs = 5000;

/** Undefined for what no test of this user made, whatever its name says. */
function makerOf(folder: string): { pid: number; start: string } | undefined {
  const [, uid, pid, start = ""] = /^holdfast-(\d+)-(\d+)-([0-9a-z]+)-\w{6}$/.exec(basename(folder)) ?? [];
  if (pid === undefined || Number(uid) !== ownUid) return undefined;
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === ownUid ? { pid: Number(pid), start } : undefined;
}

/** When the process began, since its number is given again once it has ended; undefined where there is none. */
function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return isRunning(pid) ? "0" : undefined;
  const stat = read(`/proc/${pid}/stat`);
  // The name of the program, in brackets, may hold anything; proc(5) counts the start as the 22nd field.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  // The kernel takes a while to free the memory of a process that has ended (PF_EXITING, 0x4, among the flags of the 9th field).
  const hasEnded = fields === undefined || fields[0] === "Z" || (Number(fields[6]) & 0x4) !== 0;
  return hasEnded ? undefined : Number(fields[19]).toString(36);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function endProcesses(find: () => readonly number[], signals: readonly NodeJS.Signals[]): Promise<void> {
  for (const signal of signals) {
    for (const pid of find()) kill(pid, signal);
    const end = performance.now() + endTimeoutMs;
    // They are not our children, so nothing tells when they end.
    while (find().length > 0 && performance.now() < end) await delay(10);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Those that can be told: all others of a Linux. */
function processes(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

function temporaryFolderOf(pid: number): string | undefined {
  const variable = read(`/proc/${pid}/environ`)
    ?.split("\0")
    .find((each) => each.startsWith("TMPDIR="));
  return variable?.slice("TMPDIR=".length);
}

function isIn(pid: number, folder: string): boolean {
  try {
    return `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`);
  } catch {
    // It has just ended, or is another user's.
    return false;
  }
}

/** The innermost first. */
function mountsIn(folder: string): string[] {
  const lines = read("/proc/self/mounts")?.split("\n") ?? [];
  return lines
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${folder}/`))
    .toReversed();
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has just ended, or is another user's.
    return undefined;
  }
}
