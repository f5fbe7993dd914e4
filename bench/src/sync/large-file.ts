import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, closeSync, openSync, readSync, renameSync, statSync, writeSync } from "node:fs";
import { type LargeFloor, copyWithSync } from "../calibrate.ts";
import type { LargeFile } from "../data.ts";
import { cpuNote, type Row } from "../report.ts";
import { observe } from "./observe.ts";
import type { Pair } from "./pair.ts";
import { wireRow } from "./rows.ts";

interface Step {
  readonly work: string;
  /** Prepared before timing: the act is a small write or a rename. */
  readonly act: () => void;
  readonly seen: () => boolean;
  readonly name: string;
  readonly goalSeconds?: number;
  readonly goalKib?: number;
}

/** Factor of the floor: one read with hash on A plus one copy with fsync on B. */
const allowed = 1.3;

/** Measures one file of random bytes: moved in, changed in the middle, extended at start and end, and copied. */
export async function* measureLargeFile(
  pair: Pair,
  { path, sizeBytes }: LargeFile,
  floor: LargeFloor,
): AsyncGenerator<Row> {
  const size = `${Math.round(sizeBytes / 2 ** 20)} MiB`;
  const own = `${pair.a.folder}/large`;
  const other = `${pair.b.folder}/large`;
  const goalSeconds = allowed * (floor.hashSeconds + floor.copySeconds);

  stage(pair, path);
  yield* measure(pair, {
    work: `${size} first sync`,
    name: "large",
    act: () => enter(pair, "large"),
    seen: () => sizeOf(other) === sizeBytes,
  });

  const middle = Math.floor(sizeBytes / 2);
  const changed = Buffer.from([(byteAt(own, middle) ?? 0) ^ 0xff]);
  yield* measure(pair, {
    work: `1 byte changed in ${size}`,
    name: "large",
    act: () => write(own, middle, changed),
    seen: () => byteAt(other, middle) === changed[0],
    goalSeconds,
    goalKib: 64,
  });

  stage(pair, own, randomBytes(1));
  yield* measure(pair, {
    work: `1 byte inserted at the start of ${size}`,
    name: "large",
    act: () => enter(pair, "large"),
    seen: () => sizeOf(other) === sizeBytes + 1,
    goalSeconds,
    goalKib: 64,
  });

  const mebibyte = randomBytes(2 ** 20);
  yield* measure(pair, {
    work: `1 MiB appended to ${size}`,
    name: "large",
    act: () => appendFileSync(own, mebibyte),
    seen: () => sizeOf(other) === sizeBytes + 1 + mebibyte.length,
  });

  stage(pair, own);
  yield* measure(pair, {
    work: `exact copy of ${size}`,
    name: "copy",
    act: () => enter(pair, "copy"),
    seen: () => sizeOf(`${pair.b.folder}/copy`) === sizeOf(own),
    goalKib: 10,
  });
}

async function* measure(pair: Pair, { work, act, seen, name, goalSeconds, goalKib }: Step): AsyncGenerator<Row> {
  const observed = await observe(pair, { what: work, act, seen, askEveryMs: 5 });
  execFileSync("cmp", [`${pair.a.folder}/${name}`, `${pair.b.folder}/${name}`]);
  const goal = goalSeconds === undefined ? {} : { goal: { atMost: goalSeconds } };
  const { cost } = observed;
  yield* [
    { work, by: pair.by, value: cost.seconds, unit: "s", ...goal, note: cpuNote(cost), cost },
    wireRow(work, pair.by, observed, goalKib === undefined ? undefined : { atMost: goalKib }),
  ];
}

function stage(pair: Pair, from: string, first?: Uint8Array): void {
  copyWithSync(from, `${pair.staging}/large`, first);
}

/** Moves atomically and replaces the existing file. */
function enter(pair: Pair, name: string): void {
  renameSync(`${pair.staging}/large`, `${pair.a.folder}/${name}`);
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** Returns undefined for a missing file: some programs remove the old one before they place the new one. */
function byteAt(path: string, offset: number): number | undefined {
  if (sizeOf(path) === undefined) return undefined;
  const file = openSync(path, "r");
  const buffer = Buffer.alloc(1);
  readSync(file, buffer, 0, 1, offset);
  closeSync(file);
  return buffer[0];
}

function write(path: string, offset: number, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, offset);
  closeSync(file);
}
