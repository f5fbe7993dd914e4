import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { launcher } from "@holdfast/server/acceptance/testing";
import { findProgram } from "@holdfast/tools/components";
import { calibrateFiles, floorOf, type LargeFloor } from "../calibrate.ts";
import { type FileTree, type LargeFile, makeFiles, makeLargeFile } from "../data.ts";
import type { Row } from "../report.ts";
import type { syncRowNames } from "../row-names.ts";
import { measureFolders } from "./folders.ts";
import { startHoldfastPair } from "./holdfast-pair.ts";
import { measureLargeFile } from "./large-file.ts";
import { measureManyFiles, measureManyFilesOfSyncthing } from "./many-files.ts";
import { measureNewFiles } from "./new-files.ts";
import { until } from "./observe.ts";
import type { Pair } from "./pair.ts";
import { measureRsyncWorks } from "./rsync-works.ts";
import { startSyncthingPair } from "./syncthing-pair.ts";
import { type Proxy, startProxy } from "./wire.ts";

type SyncRowName = (typeof syncRowNames)[number];

export interface SyncScale {
  readonly newFiles: number;
  readonly files: number;
  readonly copied: number;
  readonly largeMib: number;
  readonly manyFiles: number;
  /** A second device fetches them too. */
  readonly manyTwice: boolean;
  readonly idleSeconds: number;
}

/** `floor` is set together with `large`. */
export interface SyncData {
  readonly large: LargeFile | undefined;
  readonly small: FileTree | undefined;
  readonly floor: LargeFloor | undefined;
}

interface SyncWork {
  readonly folder: string;
  readonly wants: (name: SyncRowName) => boolean;
  readonly scale: SyncScale;
  /** Measured programs: `holdfast`, `syncthing` and `rsync`. */
  readonly by: ReadonlySet<string>;
}

/** Measures the time until two devices are equal again, compared with Syncthing and rsync on the same data, if installed. */
export async function measureSync({ folder, wants, scale, by }: SyncWork): Promise<Row[]> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const data = makeSyncData(folder, wants, scale);
  const rows = calibrationRows(data);
  const proxy = startProxy();
  try {
    for await (const row of works(proxy, { folder, wants, scale, by }, data)) {
      rows.push(row);
      // The whole run takes minutes.
      process.stderr.write(`${row.by}: ${row.work}: ${row.value.toFixed(3)} ${row.unit}\n`);
    }
  } finally {
    await proxy.stop();
  }
  return rows;
}

/** Runs one after another, each alone on the machine. */
async function* works(proxy: Proxy, { folder, wants, scale, by }: SyncWork, data: SyncData): AsyncGenerator<Row> {
  const has = (name: string) => by.has(name) && (name === "holdfast" || findProgram(name) !== undefined);
  const many = { files: scale.manyFiles, idleSeconds: scale.idleSeconds };
  const acts = { ...data, newFiles: wants("sync-new") ? scale.newFiles : 0, copied: scale.copied };
  const pairs = acts.newFiles > 0 || data.large !== undefined || data.small !== undefined;
  if (has("holdfast")) {
    const base = `${folder}/holdfast`;
    if (pairs) yield* measurePair("holdfast", () => startHoldfastPair(base, proxy, launcher), acts);
    if (wants("sync-idle"))
      yield* orFailure(
        "holdfast",
        measureManyFiles({ ...many, hasSecond: scale.manyTwice, proxy, folder: `${folder}/many` }),
      );
  }
  if (has("syncthing")) {
    const base = `${folder}/syncthing`;
    if (pairs) yield* measurePair("syncthing", () => startSyncthingPair(base, proxy), acts);
    if (wants("sync-idle"))
      yield* orFailure("syncthing", measureManyFilesOfSyncthing({ ...many, folder: `${folder}/alone` }));
  }
  if (has("rsync") && pairs) yield* orFailure("rsync", measureRsyncWorks(`${folder}/rsync`, proxy, data));
}

/** @param folder must exist */
export function makeSyncData(
  folder: string,
  wants: SyncWork["wants"],
  scale: Pick<SyncScale, "files" | "largeMib">,
): SyncData {
  const small = wants("sync-small") ? makeFiles(`${folder}/small`, scale.files) : undefined;
  const large = wants("sync-large") ? makeLargeFile(`${folder}/large`, scale.largeMib) : undefined;
  return { small, large, floor: large === undefined ? undefined : floorOf(large) };
}

function calibrationRows({ large, small, floor }: SyncData): Row[] {
  const rows: Row[] = [];
  if (small !== undefined) rows.push(calibrateFiles(small));
  if (large !== undefined && floor !== undefined) {
    const size = `${Math.round(large.sizeBytes / 2 ** 20)} MiB`;
    rows.push(
      { work: `${size} copied with fsync`, by: "calibration", value: floor.copySeconds, unit: "s" },
      { work: `${size} read with SHA-256`, by: "calibration", value: floor.hashSeconds, unit: "s" },
    );
  }
  return rows;
}

interface Acts extends SyncData {
  readonly newFiles: number;
  readonly copied: number;
}

async function* measurePair(by: string, start: () => Promise<Pair>, acts: Acts): AsyncGenerator<Row> {
  yield* orFailure(by, startAndMeasure());
  async function* startAndMeasure(): AsyncGenerator<Row> {
    const pair = await start();
    try {
      await meet(pair);
      for (const rows of actsOf(pair, acts)) yield* orFailure(by, rows);
    } finally {
      await pair.stop();
    }
  }
}

/** Measures two `holdfast sync` clients and their server. @throws Error if anything fails */
export async function measureHoldfastPair(start: () => Promise<Pair>, acts: Acts): Promise<Row[]> {
  const measured: Row[] = [];
  const pair = await start();
  try {
    await meet(pair);
    for (const rows of actsOf(pair, acts)) for await (const row of rows) measured.push(row);
  } finally {
    await pair.stop();
  }
  return measured;
}

function* actsOf(pair: Pair, { newFiles, copied, small, large, floor }: Acts): Generator<AsyncGenerator<Row>> {
  if (newFiles > 0) yield measureNewFiles(pair, newFiles);
  if (small !== undefined) yield measureFolders(pair, small, copied);
  if (large !== undefined && floor !== undefined) yield measureLargeFile(pair, large, floor);
}

async function meet({ by, a, b }: Pair): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const name = `hello-${from === a ? "a" : "b"}`;
    writeFileSync(`${from.folder}/${name}`, name);
    await until(`${by}: ${name} on the other device`, () => existsSync(`${to.folder}/${name}`));
  }
}

async function* orFailure(by: string, rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  try {
    yield* rows;
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${by}: ${error instanceof Error ? (error.stack ?? note) : note}\n`);
    yield { work: "failed", by, value: 1, unit: "errors", note: note.split("\n")[0] ?? "" };
  }
}
