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
 * Creates a test folder whose name contains its process and user. Several users may test on one machine, and runs may
 * be killed. The next run clears leftovers of the same user's ended processes and leaves all else untouched.
 *
 * @param parent may contain folders of any user
 */
export function makeTestFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, `holdfast-${ownUid}-${process.pid}-${startOf(process.pid)}-`));
  // Databases started by root run as other users, who need access to their own folders inside.
  if (ownUid === 0) chmodSync(folder, 0o711);
  return folder;
}

const memoryFolder = "/dev/shm";

/**
 * Returns a folder in memory if enough space is free there, otherwise the usual temporary folder: on a disk tests take
 * a sixth longer.
 */
export function fastFolder(freeBytes: number): string {
  if (!existsSync(memoryFolder)) return tmpdir();
  const { bavail, bsize } = statfsSync(memoryFolder);
  return Math.min(bavail * bsize, process.availableMemory()) > freeBytes ? memoryFolder : tmpdir();
}

/** Returns the folder for items made once per run: the run's temporary folder, or one of this process without a runner. */
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
 * Returns a folder shared by all processes of the run. Concurrent creators each make their own, and the first rename
 * wins.
 * @param make fills the given folder
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

/** Clears leftovers of this user's ended processes in `parent`. */
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
 * Ends processes that run in the folder or use it as their temporary folder, and removes it.
 * @param name name of the folder when they were started
 */
export async function clearTestFolder(folder: string, name = folder): Promise<void> {
  await endProcesses(() => processes().filter((pid) => temporaryFolderOf(pid) === name), ["SIGKILL"]);
  // At SIGQUIT, a database frees its kernel resources.
  await endProcesses(() => processes().filter((pid) => isIn(pid, folder)), ["SIGQUIT", "SIGKILL"]);
  try {
    for (const mount of mountsIn(folder)) execFileSync("umount", [mount], { stdio: "pipe" });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    // For example a file of another user, which must not prevent the tests.
    console.error(
      `What an earlier run of the tests left cannot be removed (${(error as Error).message}). Remove ${folder} by hand.`,
    );
  }
}

let ownFolder: string | undefined;
const ownUid = process.getuid?.() ?? 0;
const endTimeoutMs = 5000;

/** Returns undefined for a folder that no test of this user created, whatever its name is. */
function makerOf(folder: string): { pid: number; start: string } | undefined {
  const [, uid, pid, start = ""] = /^holdfast-(\d+)-(\d+)-([0-9a-z]+)-\w{6}$/.exec(basename(folder)) ?? [];
  if (pid === undefined || Number(uid) !== ownUid) return undefined;
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === ownUid ? { pid: Number(pid), start } : undefined;
}

/** Returns the start time of a process, because process ids are reused; undefined if there is none. */
function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return isRunning(pid) ? "0" : undefined;
  const stat = read(`/proc/${pid}/stat`);
  // The program's name in brackets may contain anything; by proc(5) the start is the 22nd field.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  // The kernel takes a while to free the memory of an ended process (PF_EXITING, 0x4, in the flags of the 9th field).
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
    // They are no children, so their end must be polled.
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

/** Returns all other processes on Linux; none elsewhere. */
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
    // It has just ended or belongs to another user.
    return false;
  }
}

/** Innermost first. */
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
    // It has just ended or belongs to another user.
    return undefined;
  }
}
