import type { ChildProcess } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Ends the child with this process, even if a measurement is interrupted. */
export function endWithUs(child: ChildProcess): void {
  const end = () => void child.kill("SIGTERM");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}

const ownEndMs = 5000;
const orderlyEndMs = 20_000;

/**
 * Resolves once this process has no descendants. Waits first: Ctrl-C reaches all of them, and a second signal would end
 * a server without its database.
 */
export async function endChildren(): Promise<void> {
  await withoutChildren(ownEndMs);
  for (const pid of childrenOf(process.pid)) send(pid, "SIGTERM");
  await withoutChildren(orderlyEndMs);
  for (const pid of processTree(process.pid).slice(1)) send(pid, "SIGKILL");
  await withoutChildren(ownEndMs);
}

async function withoutChildren(patienceMs: number): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (childrenOf(process.pid).length > 0 && performance.now() < endMs) await delay(50);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

export function processTree(root: number): number[] {
  const parents = parentsOfAll();
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

function childrenOf(pid: number): number[] {
  return [...parentsOfAll()].filter(([, parent]) => parent === pid).map(([child]) => child);
}

function parentsOfAll(): ReadonlyMap<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    const parent = /\) \S (\d+) /.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  return parents;
}

/** Returns the proportional set size of a process, which counts shared pages once. */
export function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

export function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

export function isPostgres(pid: number): boolean {
  return read(`/proc/${pid}/comm`).trim() === "postgres";
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

/** Returns the CPU time of a process and all its descendants, including ended ones. */
export function treeSeconds(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + cpuSeconds(pid) + endedSeconds(pid), 0);
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
