import { setTimeout as delay } from "node:timers/promises";
import { cpuSeconds, processTree } from "../processes.ts";
import type { Device, Pair } from "./pair.ts";
import type { Traffic } from "./wire.ts";

export interface Observation {
  /** Time from before the act until the other side has it. */
  readonly seconds: number;
  readonly a: Traffic;
  readonly b: Traffic;
  /** CPU seconds until all is quiet. */
  readonly cpu: { readonly a: number; readonly b: number; readonly between: number };
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
export async function observe(pair: Pair, { what, act, seen, askEveryMs = 2 }: Act): Promise<Observation> {
  await quiet(pair);
  const before = await state(pair);
  const startMs = performance.now();
  act();
  await until(`${pair.by}: ${what}`, seen, askEveryMs);
  const seconds = (performance.now() - startMs) / 1000;
  await quiet(pair);
  const after = await state(pair);
  const between = (name: "a" | "b"): Traffic => ({
    upBytes: after[name].upBytes - before[name].upBytes,
    downBytes: after[name].downBytes - before[name].downBytes,
  });
  return {
    seconds,
    a: between("a"),
    b: between("b"),
    cpu: {
      a: after.cpu.a - before.cpu.a,
      b: after.cpu.b - before.cpu.b,
      between: after.cpu.between - before.cpu.between,
    },
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
export async function quiet(pair: Pair): Promise<void> {
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

async function state({ a, b, between }: Pair) {
  const [passedByA, passedByB] = await Promise.all([a.wire.passed(), b.wire.passed()]);
  const used = (pids: readonly number[]) => pids.flatMap(processTree).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const device = ({ pid }: Device) => used([pid]);
  return { a: passedByA, b: passedByB, cpu: { a: device(a), b: device(b), between: used(between) } };
}
