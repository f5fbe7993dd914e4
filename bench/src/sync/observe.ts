import { setTimeout as delay } from "node:timers/promises";
import { serverSeconds } from "../cost.ts";
import { peakBytes, resetPeak, treeSeconds } from "../processes.ts";
import type { Cost } from "../report.ts";
import type { Pair } from "./pair.ts";
import type { Traffic } from "./wire.ts";

export interface Observation {
  /** The time ends when the other side has it, the CPU time when all is quiet. */
  readonly cost: Cost;
  readonly a: Traffic;
  readonly b: Traffic;
}

interface Act {
  readonly what: string;
  readonly act: () => void;
  /** Returns true once the other side has it; called repeatedly, so it should be cheap. */
  readonly seen: () => boolean;
  readonly askEveryMs?: number;
}

/** Time without traffic after which following traffic belongs to something else. */
const quietMs = 1500;
const patienceMs = 60_000;

/** Acts on A when all is quiet, waits for B, and counts traffic until all is quiet again. */
export function observe(pair: Pair, { what, act, seen, askEveryMs = 2 }: Act): Promise<Observation> {
  return observeWork(pair, async () => {
    const startMs = performance.now();
    act();
    await until(`${pair.by}: ${what}`, seen, askEveryMs);
    return (performance.now() - startMs) / 1000;
  });
}

/** @param work returns the seconds that count */
export async function observeWork(pair: Pair, work: () => Promise<number>): Promise<Observation> {
  await quiet(pair);
  const pids = { A: pair.a.pid, B: pair.b.pid, ...(pair.serverPid === undefined ? {} : { server: pair.serverPid }) };
  for (const pid of Object.values(pids)) resetPeak(pid);
  const before = await state(pair);
  const seconds = await work();
  await quiet(pair);
  const after = await state(pair);
  const between = (name: "a" | "b"): Traffic => ({
    upBytes: after[name].upBytes - before[name].upBytes,
    downBytes: after[name].downBytes - before[name].downBytes,
  });
  const cpu = Object.entries(after.cpu).map(([name, value]) => [name, value - (before.cpu[name] ?? 0)] as const);
  const peakMb = Object.entries(pids).map(([name, pid]) => [name, peakBytes(pid) / 1e6] as const);
  return {
    cost: { seconds, cpu: Object.fromEntries(cpu), peakMb: Object.fromEntries(peakMb) },
    a: between("a"),
    b: between("b"),
  };
}

/** @throws Error after a timeout, naming the awaited condition */
export async function until(what: string, seen: () => boolean, askEveryMs = 2): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!seen()) {
    if (performance.now() > endMs) throw new Error(`Waited ${patienceMs / 1000} s in vain: ${what}`);
    await delay(askEveryMs);
  }
}

/** Resolves after a period without traffic. A held poll is quiet. */
async function quiet(pair: Pair): Promise<void> {
  const endMs = performance.now() + patienceMs;
  let last = -1;
  for (let sinceMs = performance.now(); performance.now() - sinceMs < quietMs; await delay(100)) {
    const [a, b] = await Promise.all([pair.a.wire.passed(), pair.b.wire.passed()]);
    const sum = a.upBytes + a.downBytes + b.upBytes + b.downBytes;
    if (sum === last) continue;
    last = sum;
    sinceMs = performance.now();
    if (sinceMs > endMs) throw new Error(`${pair.by}: something is still sent after ${patienceMs / 1000} s`);
  }
}

interface State {
  readonly a: Traffic;
  readonly b: Traffic;
  readonly cpu: Readonly<Record<string, number>>;
}

async function state({ a, b, serverPid }: Pair): Promise<State> {
  const [passedByA, passedByB] = await Promise.all([a.wire.passed(), b.wire.passed()]);
  const cpu = {
    A: treeSeconds(a.pid),
    B: treeSeconds(b.pid),
    ...(serverPid === undefined ? {} : serverSeconds(serverPid)),
  };
  return { a: passedByA, b: passedByB, cpu };
}
