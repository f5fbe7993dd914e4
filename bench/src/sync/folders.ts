import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import type { FileTree } from "../data.ts";
import { cpuNote, type Row } from "../report.ts";
import { observe } from "./observe.ts";
import type { Pair } from "./pair.ts";
import { wireRow } from "./rows.ts";

/** Measures a folder with many small files: moved into A, renamed there, and partly copied. */
export async function* measureFolders(pair: Pair, small: FileTree, copied: number): AsyncGenerator<Row> {
  yield* measureMovedIn(pair, small);
  yield* measureRename(pair, small.files);
  yield* measureCopiedFolder(pair, copied);
}

async function* measureMovedIn(pair: Pair, small: FileTree): AsyncGenerator<Row> {
  const staged = `${pair.staging}/small`;
  cpSync(small.path, staged, { recursive: true });
  execFileSync("sync", ["-f", pair.staging]);
  const arrived = arrival(staged, `${pair.b.folder}/small`);
  const work = `${small.files} files of 1 to 32 KiB, A to B`;
  const observed = await observe(pair, {
    what: work,
    act: () => renameSync(staged, `${pair.a.folder}/small`),
    seen: arrived,
    askEveryMs: 20,
  });
  compareFolders(pair, "small");
  const { by } = pair;
  const { cost } = observed;
  const note = `${cost.seconds.toFixed(2)} s; ${cpuNote(cost)}`;
  yield* [
    { work, by, value: small.files / cost.seconds, unit: "files/s", goal: { atLeast: 3000 }, note, cost },
    wireRow(work, by, observed),
  ];
}

async function* measureRename(pair: Pair, files: number): AsyncGenerator<Row> {
  const { a, b, by } = pair;
  const arrived = arrival(`${a.folder}/small`, `${b.folder}/renamed`);
  const work = `rename of a folder of ${files}`;
  const observed = await observe(pair, {
    what: work,
    act: () => renameSync(`${a.folder}/small`, `${a.folder}/renamed`),
    seen: () => !isThere(`${b.folder}/small`) && arrived(),
  });
  compareFolders(pair, "renamed");
  const { cost } = observed;
  yield* [
    { work, by, value: cost.seconds, unit: "s", goal: { atMost: 0.5 }, note: cpuNote(cost), cost },
    wireRow(work, by, observed, { atMost: 10 }),
  ];
}

async function* measureCopiedFolder(pair: Pair, wanted: number): AsyncGenerator<Row> {
  const { a, b, by, staging } = pair;
  const staged = `${staging}/copied`;
  mkdirSync(staged);
  let files = 0;
  for (const name of readdirSync(`${a.folder}/renamed`).toSorted()) {
    if (files >= wanted) break;
    cpSync(`${a.folder}/renamed/${name}`, `${staged}/${name}`, { recursive: true });
    files += readdirSync(`${staged}/${name}`).length;
  }
  execFileSync("sync", ["-f", staging]);
  const arrived = arrival(staged, `${b.folder}/copied`);
  const work = `copied folder of ${files}`;
  const observed = await observe(pair, {
    what: work,
    act: () => renameSync(staged, `${a.folder}/copied`),
    seen: arrived,
    askEveryMs: 5,
  });
  compareFolders(pair, "copied");
  const perFile = Math.max(observed.a.upBytes, observed.b.downBytes) / files;
  const { cost } = observed;
  yield* [
    { work, by, value: cost.seconds, unit: "s", note: cpuNote(cost), cost },
    { work: `${work}, bytes a file`, by, value: perFile, unit: "B", goal: { atMost: 200 } },
    wireRow(work, by, observed),
  ];
}

/**
 * Returns a function that is true once all folders of `from` are in `to` with equal entry counts. Only missing ones are
 * checked again.
 */
function arrival(from: string, to: string): () => boolean {
  let missing = readdirSync(from).map((name) => ({ name, entries: readdirSync(`${from}/${name}`).length }));
  return () => {
    const [first] = missing;
    if (first !== undefined && !isThere(`${to}/${first.name}`) && missing.length === 1) return false;
    missing = missing.filter(({ name, entries }) => entriesOf(`${to}/${name}`) < entries);
    return missing.length === 0;
  };
}

function entriesOf(path: string): number {
  // Syncthing writes under a temporary name beside the file.
  return isThere(path) ? readdirSync(path).filter((name) => !name.startsWith(".syncthing.")).length : 0;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** @throws Error if they differ, because the result would be worthless */
function compareFolders({ a, b }: Pair, name: string): void {
  execFileSync("diff", ["-rq", `${a.folder}/${name}`, `${b.folder}/${name}`]);
}
