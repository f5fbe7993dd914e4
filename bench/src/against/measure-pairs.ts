import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { promisify } from "node:util";
import {
  administrator,
  holdfast,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "@holdfast/server/acceptance/testing";
import { atRest } from "../cost.ts";
import { makeFiles, makeLargeFile } from "../data.ts";
import { measureMixedTraffic } from "../mixed-traffic.ts";
import type { Row } from "../report.ts";
import { measureStart } from "../rest.ts";
import type { PairedRowName } from "../row-names.ts";
import type { Scale } from "../scales.ts";
import { measureSignIns } from "../sign-ins.ts";
import { startHoldfastPair } from "../sync/holdfast-pair.ts";
import { makeSyncData, measureHoldfastPair } from "../sync/measure-sync.ts";
import { type Proxy, startProxy } from "../sync/wire.ts";
import { measureTransfers } from "../transfers.ts";
import { type Line, linesOf, type Side, turnsOf } from "./ratios.ts";

interface Comparison {
  readonly folder: string;
  readonly launchers: Readonly<Record<Side, string>>;
  readonly pairs: number;
  readonly names: readonly PairedRowName[];
  readonly scale: Scale;
  readonly signal: AbortSignal;
}

interface Compared {
  readonly lines: readonly Line[];
  /** Messages by row, for example of a commit without a route that the row uses. */
  readonly failures: Readonly<Record<string, string>>;
}

/**
 * Measures each row in pairs, one side immediately after the other, with a new server each time. Both sides are driven
 * by this bench with the same data. A row that seems slower is measured with twice as many pairs.
 */
export async function measurePairs(comparison: Comparison): Promise<Compared> {
  const { folder, launchers, names, scale } = comparison;
  progress("warm-up");
  await Promise.all(turnsOf(0).map((side) => warmUp(launchers[side], `${folder}/warm-up-${side}`)));
  // Installed packages and builds are still written to the disk.
  await promisify(execFile)("sync");
  const proxy = startProxy();
  const lines: Line[] = [];
  const failures: Record<string, string> = {};
  try {
    for (const name of names) {
      try {
        lines.push(...(await measureRow(name, workOf(name, { folder, proxy, scale }), comparison)));
      } catch (error) {
        comparison.signal.throwIfAborted();
        failures[name] = error instanceof Error ? error.message : String(error);
        progress(`${name} failed: ${failures[name]}`);
      }
    }
  } finally {
    await proxy.stop();
  }
  return { lines, failures };
}

async function measureRow(name: string, measure: Work, comparison: Comparison): Promise<Line[]> {
  const { folder, launchers, pairs, signal } = comparison;
  const measured: Record<Side, Row[]>[] = [];
  const measureUntil = async (count: number) => {
    while (measured.length < count) {
      const rows: Record<Side, Row[]> = { old: [], new: [] };
      for (const side of turnsOf(measured.length)) {
        signal.throwIfAborted();
        progress(`${name}, pair ${measured.length + 1} of ${count}, ${side}`);
        rows[side] = await inFolder(`${folder}/${name}-${side}`, (own) => measure(launchers[side], own));
      }
      measured.push(rows);
    }
    return linesOf(measured);
  };
  const lines = await measureUntil(pairs);
  return lines.some(({ ratio, verdict }) => verdict !== "" && ratio.median > 1) ? measureUntil(2 * pairs) : lines;
}

function progress(step: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${step}\n`);
}

async function warmUp(launcher: string, folder: string): Promise<void> {
  await inFolder(folder, () =>
    withServer(launcher, folder, async ({ pid, url }) => {
      const { path } = makeFiles(`${folder}/small`, 10);
      mkdirSync(`${folder}/synced`);
      const env = { HOLDFAST_CONFIG_DIR: `${folder}/config` };
      const run = async (...args: string[]) => {
        const { code, stderr } = await holdfast(args, { env, launcher, input: administrator.password });
        if (code !== 0) throw new Error(`${launcher} ${args.join(" ")} ended with ${code}: ${stderr}`);
      };
      await run("login", url, "--email", administrator.email, "--password-stdin");
      await run("put", "--quiet", path, "/small");
      await run("get", "--quiet", "/small", `${folder}/back`);
      await run("sync", `${folder}/synced`, "--once");
      await atRest(pid);
    }),
  );
}

interface WorkParts {
  readonly folder: string;
  readonly proxy: Proxy;
  readonly scale: Scale;
}

type Work = (launcher: string, folder: string) => Promise<Row[]>;

function workOf(name: PairedRowName, { folder, proxy, scale }: WorkParts): Work {
  const data = `${folder}/${name}-data`;
  if (name === "start")
    return (launcher, own) =>
      measureStart({ dataFolder: `${own}/data`, launcher, laterStarts: scale.paired.laterStarts });
  if (name === "large") return transfersOf({ large: makeLargeFile(data, scale.largeMib), small: undefined });
  if (name === "small") return transfersOf({ large: undefined, small: makeFiles(data, scale.files) });
  if (name === "mixed")
    return (launcher, own) =>
      withServer(launcher, own, (server) => measureMixedTraffic(server, { requests: scale.paired.mixedRequests }));
  if (name === "sign-in")
    return (launcher, own) => withServer(launcher, own, (server) => measureSignIns(server, scale.signInsEach));
  mkdirSync(data);
  const made = makeSyncData(data, (wanted) => wanted === name, scale.sync);
  const acts = { ...made, newFiles: name === "sync-new" ? scale.sync.newFiles : 0, copied: scale.sync.copied };
  return (launcher, own) => measureHoldfastPair(() => startHoldfastPair(own, proxy, launcher), acts);
}

type TransferData = Pick<Parameters<typeof measureTransfers>[0], "large" | "small">;

function transfersOf(data: TransferData): Work {
  return (launcher, folder) =>
    withServer(launcher, folder, (server) => measureTransfers({ server, folder, ...data, launcher }));
}

async function withServer<Result>(
  launcher: string,
  folder: string,
  use: (server: ServerProcess) => Promise<Result>,
): Promise<Result> {
  const server = await spawnServer({ dataFolder: `${folder}/data`, launcher });
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

async function inFolder<Result>(folder: string, work: (folder: string) => Promise<Result>): Promise<Result> {
  mkdirSync(folder, { mode: 0o711 });
  const result = await work(folder);
  removeFolder(folder);
  return result;
}
