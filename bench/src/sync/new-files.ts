import { randomBytes } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { cpuNote, type Row } from "../report.ts";
import { observeWork, until } from "./observe.ts";
import type { Pair } from "./pair.ts";

const sizeBytes = 1024;

/** Measures new files one by one: from before the write on A until they are on B. */
export async function* measureNewFiles(pair: Pair, count: number): AsyncGenerator<Row> {
  const seconds: number[] = [];
  const { cost, a, b } = await observeWork(pair, async () => {
    for (let index = 0; index < count; index++) seconds.push(await oneFile(pair, `new-${index}`));
    return seconds.reduce((sum, value) => sum + value, 0);
  });
  const [up, down] = [a.upBytes, b.downBytes];
  const sorted = seconds.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1] ?? 0;
  const work = "new file of 1 KiB on A, seen on B";
  const median = at(0.5);
  const note = `of ${count}, ${sorted[0]?.toFixed(3)} to ${sorted.at(-1)?.toFixed(3)} s; ${cpuNote(cost)}`;
  const each = (bytes: number) => `${Math.round(bytes / count)} B`;
  yield* [
    {
      work: `${work}, median`,
      by: pair.by,
      value: median,
      unit: "s",
      goal: { atMost: 0.3 },
      note,
      cost: { ...cost, seconds: median },
    },
    { work: `${work}, p95`, by: pair.by, value: at(0.95), unit: "s", goal: { atMost: 0.6 } },
    {
      work: `${work}, on the wire`,
      by: pair.by,
      value: (up + down) / count,
      unit: "B",
      note: `A sends ${each(up)}, B hears ${each(down)}`,
    },
  ];
}

async function oneFile(pair: Pair, name: string): Promise<number> {
  // Random, to avoid synchronization with timers.
  await delay(200 + Math.random() * 600);
  const startMs = performance.now();
  writeFileSync(`${pair.a.folder}/${name}`, randomBytes(sizeBytes));
  await until(`${pair.by}: ${name} on the other device`, () => isThere(`${pair.b.folder}/${name}`), 1);
  return (performance.now() - startMs) / 1000;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === sizeBytes;
}
