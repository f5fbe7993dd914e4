import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, holdfast, launcher } from "@holdfast/server/acceptance/testing";
import { findProgram } from "@holdfast/tools/components";
import { cpuSeconds, peakBytes, processTree, pssBytes, threadSeconds, wakeUps } from "../processes.ts";
import { type Row, timed } from "../report.ts";
import { type PreparedClient, prepareClient, startClient, startSyncServer } from "./holdfast-pair.ts";
import { startSyncthingAlone, syncthingName } from "./syncthing-pair.ts";
import type { Proxy } from "./wire.ts";

const perFolder = 100;
/** Goals for a million files, see docs/performance.md. Fewer files have the same goals. */
const goals = { memoryMb: 300, peakMb: 600, rescanSeconds: 20 };

interface ManyFiles {
  readonly folder: string;
  readonly proxy: Proxy;
  readonly files: number;
  readonly idleSeconds: number;
  /** A second device fetches all files. */
  readonly hasSecond: boolean;
}

export async function* measureManyFiles({
  folder,
  proxy,
  files,
  idleSeconds,
  hasSecond,
}: ManyFiles): AsyncGenerator<Row> {
  const base = `${folder}/c`;
  const by = "holdfast";
  const server = await startSyncServer(folder, launcher);
  try {
    const prepared = await prepareClient(base, server, { proxy, launcher });
    await runOnce(prepared);
    const { seconds: startSeconds } = await runOnce(prepared);
    makeTinyFiles(prepared.folder, files);
    yield calibrateLook(prepared.folder, files);
    const first = await runOnce(prepared);
    yield* rowsOfFirst(`${files} tiny files, first sync of one device`, files, first);
    const again = await runOnce(prepared);
    yield {
      work: `${files} files, nothing changed, looked at again`,
      by,
      value: again.seconds,
      unit: "s",
      goal: { atMost: goals.rescanSeconds },
      note: `sync --once, of which ${startSeconds.toFixed(2)} s on an empty folder; ${noteOf(again)}`,
    };
    yield* measureKept(prepared, files, idleSeconds);
    if (!hasSecond) return;
    const second = await prepareClient(`${folder}/d`, server, { proxy, launcher });
    yield* rowsOfFirst(`${files} tiny files, fetched by a second device`, files, await runOnce(second));
  } finally {
    await server.stop();
  }
}

async function* measureKept(prepared: PreparedClient, files: number, idleSeconds: number): AsyncGenerator<Row> {
  const startMs = performance.now();
  const client = await startClient(prepared);
  try {
    await eventually("the client is idle", 600_000, async () => {
      const { stdout } = await holdfast(["status", prepared.folder, "--json"], { env: prepared.env });
      return statusIsIdle(stdout) || undefined;
    });
    const value = (performance.now() - startMs) / 1000;
    yield { work: `start with ${files} known files, until idle`, by: "holdfast", value, unit: "s" };
    const sent = async (): Promise<number> => (await client.wire.passed()).upBytes;
    yield* await measureIdle("holdfast", files, client.pid, idleSeconds, sent);
  } finally {
    await client.stop();
  }
}

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Interval of readings for `holdfast sync --once`; the last may be this long before its end. */
const readEveryMs = 50;

async function runOnce(prepared: PreparedClient): Promise<Run> {
  const startMs = performance.now();
  const client = await startClient(prepared, ["--once"]);
  const last = { cpuSeconds: 0, peakBytes: 0 };
  const read = (): void => {
    const sum = (count: (pid: number) => number) =>
      processTree(client.pid).reduce((total, pid) => total + count(pid), 0);
    last.cpuSeconds = Math.max(last.cpuSeconds, sum(cpuSeconds));
    last.peakBytes = Math.max(last.peakBytes, sum(peakBytes));
  };
  const timer = setInterval(read, readEveryMs);
  try {
    const code = await client.ended;
    if (code !== 0) throw new Error(`holdfast sync --once ended with ${code}, see ${prepared.base}/sync.log`);
  } finally {
    clearInterval(timer);
    await client.stop();
  }
  return { ...last, seconds: (performance.now() - startMs) / 1000 };
}

function rowsOfFirst(work: string, files: number, run: Run): Row[] {
  const by = "holdfast";
  return [
    { work, by, value: files / run.seconds, unit: "files/s", note: `${run.seconds.toFixed(1)} s, ${noteOf(run)}` },
    {
      work: `${work}, memory`,
      by,
      value: run.peakBytes / 1e6,
      unit: "MB",
      goal: { atMost: goals.peakMb },
      note: "resident, at most",
    },
  ];
}

function noteOf(run: Run): string {
  return `${run.cpuSeconds.toFixed(1)} s of CPU, at most ${(run.peakBytes / 1e6).toFixed(0)} MB resident`;
}

function statusIsIdle(text: string): boolean {
  try {
    const { syncs } = JSON.parse(text) as { syncs: { state: string; last_sync_at: unknown }[] };
    return syncs.length > 0 && syncs.every(({ state, last_sync_at }) => state === "idle" && last_sync_at !== null);
  } catch {
    return false;
  }
}

/** Measures one Syncthing instance without peers on the same files. */
export async function* measureManyFilesOfSyncthing({
  folder,
  files,
  idleSeconds,
}: Omit<ManyFiles, "proxy" | "hasSecond">): AsyncGenerator<Row> {
  if (findProgram("syncthing") === undefined) return;
  const instance = await startSyncthingAlone(folder);
  try {
    makeTinyFiles(instance.folder, files);
    const by = syncthingName;
    const scan = () => instance.call("POST", "db/scan?folder=bench");
    const first = await timed(scan);
    const again = await timed(scan);
    const work = `${files} files, nothing changed, looked at again`;
    yield { work, by, value: again, unit: "s", note: `the first look took ${first.toFixed(1)} s` };
    yield* await measureIdle(by, files, instance.pid, idleSeconds);
  } finally {
    await instance.stop();
  }
}

/** Long enough for the second scan of new files, heap shrinking and closing of earlier connections. */
const settleMs = 90_000;

async function measureIdle(
  by: string,
  files: number,
  pid: number,
  idleSeconds: number,
  sentBytes?: () => Promise<number>,
): Promise<Row[]> {
  await delay(settleMs);
  const sum = (count: (pid: number) => number) => processTree(pid).reduce((total, one) => total + count(one), 0);
  const look = async () => ({ wakeUps: sum(wakeUps), seconds: sum(threadSeconds), sent: await sentBytes?.() });
  const before = await look();
  await delay(idleSeconds * 1000);
  const after = await look();
  const sent = before.sent === undefined || after.sent === undefined ? undefined : after.sent - before.sent;
  const ours = by === "holdfast";
  return [
    {
      work: `client with ${files} files, memory`,
      by,
      value: sum(pssBytes) / 1e6,
      unit: "MB",
      ...(ours ? { goal: { atMost: goals.memoryMb } } : {}),
      note: `PSS at rest; at most ${(sum(peakBytes) / 1e6).toFixed(0)} resident`,
    },
    {
      work: `idle for ${idleSeconds} s, wake-ups`,
      by,
      value: after.wakeUps - before.wakeUps,
      unit: "wake-ups",
      // A renewed poll wakes a few threads: write, response, read.
      ...(ours ? { goal: { atMost: sent === 0 ? 0 : 30 } } : {}),
      ...(sent === undefined ? {} : { note: `${sent} B sent in that time` }),
    },
    { work: `idle for ${idleSeconds} s, CPU`, by, value: (after.seconds - before.seconds) * 1000, unit: "ms" },
  ];
}

function makeTinyFiles(folder: string, files: number): void {
  for (let index = 0; index < files; index++) {
    const into = `${folder}/${Math.floor(index / perFolder / 100)}/${Math.floor(index / perFolder) % 100}`;
    if (index % perFolder === 0) mkdirSync(into, { recursive: true });
    writeFileSync(`${into}/file-${index}`, `content of file ${index}\n`);
  }
}

/** Measures listing and stat of everything by a minimal program. */
function calibrateLook(folder: string, files: number): Row {
  const startMs = performance.now();
  execFileSync("find", [folder, "-newermt", "2100-01-01"]);
  const value = (performance.now() - startMs) / 1000;
  return { work: `find with stat over ${files} files`, by: "calibration", value, unit: "s" };
}
