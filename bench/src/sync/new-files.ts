import { randomBytes } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Row } from "../report.ts";
import { quiet, until } from "./observe.ts";
import type { Pair } from "./pair.ts";

const sizeBytes = 1024;

/** Measures new files one by one: from before the write on A until they are on B. */
export async function* measureNewFiles(pair: Pair, count: number): AsyncGenerator<Row> {
  await quiet(pair);
  const before = await Promise.all([pair.a.wire.passed(), pair.b.wire.passed()]);
  const seconds: number[] = [];
  for (let index = 0; index < count; index++) {
    // Random, to avoid synchronization with timers.
    await delay(200 + Math.random() * 600);
    const name = `new-${index}`;
    const startMs = performance.now();
    writeFileSync(`${pair.a.folder}/${name}`, randomBytes(sizeBytes));
    await until(`${pair.by}: ${name} on the other device`, () => isThere(`${pair.b.folder}/${name}`), 1);
    seconds.push((performance.now() - startMs) / 1000);
  }
  await quiet(pair);
  const after = await Promise.all([pair.a.wire.passed(), pair.b.wire.passed()]);
  const [up, down] = [after[0].upBytes - before[0].upBytes, after[1].downBytes - before[1].downBytes];
  const sorted = seconds.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1] ?? 0;
  const work = "new file of 1 KiB on A, seen on B";
  const note = `of ${count}, ${sorted[0]?.toFixed(3)} to ${sorted.at(-1)?.toFixed(3)} s`;
  const each = (bytes: number) => `${Math.round(bytes / count)} B`;
  yield* [
    { work: `${work}, median`, by: pair.by, value: at(0.5), unit: "s", goal: { atMost: 0.3 }, note },
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

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === sizeBytes;
}
