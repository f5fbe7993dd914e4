import type { ChildProcess } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** A measurement that is broken off leaves nothing behind that runs. */
export function endWithUs(child: ChildProcess): void {
  const end = () => void child.kill("SIGTERM");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}

/** The process and all that descend from it. */
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

/** The proportional set size of one process: shared pages are counted once. */
export function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

/** The most that was ever resident. */
export function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** Of the clock that the kernel counts processors' time by (USER_HZ, the same on every Linux). */
const ticksPerSecond = 100;

/** What it has used of processors, threads that have ended included; zero for a process that has ended. */
export function cpuSeconds(pid: number): number {
  const [user = 0, system = 0] = (read(`/proc/${pid}/stat`).split(") ")[1] ?? "").split(" ").slice(11, 13).map(Number);
  return (user + system) / ticksPerSecond;
}

/** What those that it had started, and they in turn, had used when they ended and were waited for. */
export function endedSeconds(pid: number): number {
  const [user = 0, system = 0] = (read(`/proc/${pid}/stat`).split(") ")[1] ?? "").split(" ").slice(13, 15).map(Number);
  return (user + system) / ticksPerSecond;
}

/** The same, to the nanosecond, of the threads that live. */
export function threadSeconds(pid: number): number {
  return sumOfThreads(pid, (task) => Number(read(`${task}/schedstat`).split(" ")[0] ?? 0)) / 1e9;
}

/** How often its threads that live were put onto a processor after they had waited for something. */
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

/** Empty for a process that has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
