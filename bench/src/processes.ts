import type { ChildProcess } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** Ends the child with this process, even if a measurement is interrupted. */
export function endWithUs(child: ChildProcess): void {
  const end = () => void child.kill("SIGTERM");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}

export function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    const parent = /\) \S (\d+) /.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

/** Returns the proportional set size of a process, which counts shared pages once. */
export function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

/** Returns the peak resident memory. */
export function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** The kernel's CPU clock (USER_HZ, equal on every Linux). */
const ticksPerSecond = 100;

/** Returns the CPU time of a process, including ended threads; zero after its end. */
export function cpuSeconds(pid: number): number {
  const [user = 0, system = 0] = (read(`/proc/${pid}/stat`).split(") ")[1] ?? "").split(" ").slice(11, 13).map(Number);
  return (user + system) / ticksPerSecond;
}

/** Returns the CPU time of ended and awaited descendants. */
export function endedSeconds(pid: number): number {
  const [user = 0, system = 0] = (read(`/proc/${pid}/stat`).split(") ")[1] ?? "").split(" ").slice(13, 15).map(Number);
  return (user + system) / ticksPerSecond;
}

/** Returns the CPU time of live threads, in nanosecond precision. */
export function threadSeconds(pid: number): number {
  return sumOfThreads(pid, (task) => Number(read(`${task}/schedstat`).split(" ")[0] ?? 0)) / 1e9;
}

/** Returns how often live threads resumed after waiting. */
export function wakeUps(pid: number): number {
  return sumOfThreads(pid, (task) =>
    Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`${task}/status`))?.[1] ?? 0),
  );
}

function sumOfThreads(pid: number, count: (task: string) => number): number {
  let tasks: string[] = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended.
  }
  return tasks.reduce((sum, task) => sum + count(`/proc/${pid}/task/${task}`), 0);
}

/** Returns nothing for a process that has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
