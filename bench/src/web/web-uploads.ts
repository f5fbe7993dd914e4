import { administrator, holdfast } from "@holdfast/server/acceptance/testing";
import { uploadAll } from "./upload-all.ts";
import { makeLargeFile } from "../data.ts";
import { endedSeconds } from "../processes.ts";
import { type Row, timed } from "../report.ts";
import { at } from "../sharing/latencies.ts";
import { copyRealFiles } from "./real-files.ts";
import { cpuOf, withWebWorld, type WebWorld } from "./web-world.ts";

/** Data of both uploads, each to a server without any of it. */
interface Sent {
  readonly path: string;
  readonly name: string;
  readonly files: number;
  readonly goal: number;
}

export interface UploadScale {
  readonly smallFiles: number;
  readonly largeMib: number;
  readonly rounds: number;
}

export function measureSmallUploads(folder: string, { smallFiles, rounds }: UploadScale): Promise<Row[]> {
  const { path, files } = copyRealFiles(`${folder}-files`, smallFiles);
  return measurePairs(folder, { path, files, name: `${files} small files`, goal: 1 / 3 }, rounds);
}

export function measureLargeUploads(folder: string, { largeMib, rounds }: UploadScale): Promise<Row[]> {
  const { path } = makeLargeFile(`${folder}-files`, largeMib);
  return measurePairs(folder, { path, files: 1, name: `${largeMib} MiB`, goal: 1 / 2 }, rounds);
}

interface Took {
  readonly seconds: number;
  readonly serverCpu: number;
  readonly clientCpu: number;
}

/** Alternates both, in reverse order each round, so that other load affects both. */
async function measurePairs(folder: string, sent: Sent, rounds: number): Promise<Row[]> {
  const pairs: { web: Took; put: Took }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const both: Partial<Record<"web" | "put", Took>> = {};
    for (const way of round % 2 === 0 ? (["put", "web"] as const) : (["web", "put"] as const))
      both[way] = await withWebWorld(`${folder}-${way}`, (world) =>
        way === "web" ? byApp(world, sent) : byPut(world, sent),
      );
    const { web, put } = both as Record<"web" | "put", Took>;
    pairs.push({ web, put });
    process.stderr.write(`${sent.name}: app ${said(web)}; put ${said(put)}\n`);
  }
  const seconds = middle(pairs.map(({ web }) => web.seconds));
  const putSeconds = middle(pairs.map(({ put }) => put.seconds));
  return [
    {
      work: `${sent.name} by the app`,
      by: "holdfast",
      value: seconds,
      unit: "s",
      note: costs(pairs.map(({ web }) => web)),
    },
    {
      work: `${sent.name} by put`,
      by: "holdfast",
      value: putSeconds,
      unit: "s",
      note: costs(pairs.map(({ put }) => put)),
    },
    {
      work: `${sent.name} by the app, speed to that of put`,
      by: "holdfast",
      value: middle(pairs.map(({ web, put }) => put.seconds / web.seconds)),
      unit: "x",
      goal: { atLeast: sent.goal },
      note: `of each round ${pairs.map(({ web, put }) => (put.seconds / web.seconds).toFixed(2)).join(", ")}`,
    },
  ];
}

function said({ seconds, clientCpu, serverCpu }: Took): string {
  return `${seconds.toFixed(2)} s, CPU ${clientCpu.toFixed(1)} + ${serverCpu.toFixed(1)} s`;
}

function costs(all: readonly Took[]): string {
  const client = middle(all.map(({ clientCpu }) => clientCpu));
  const server = middle(all.map(({ serverCpu }) => serverCpu));
  return `CPU of client ${client.toFixed(1)} s, of server ${server.toFixed(1)} s`;
}

async function byApp(world: WebWorld, { path, files }: Sent): Promise<Took> {
  const page = await world.open();
  const before = await cpuOf(world);
  const seconds = await timed(() => uploadAll(page, path, files));
  const after = await cpuOf(world);
  return { seconds, clientCpu: after.browser - before.browser, serverCpu: after.server - before.server };
}

/** Measures the command including its start. */
async function byPut(world: WebWorld, { path }: Sent): Promise<Took> {
  const env = { HOLDFAST_CONFIG_DIR: `${world.folder}/config` };
  const run = async (args: readonly string[], input = "") => {
    const { code, stderr } = await holdfast(args, { env, input });
    if (code !== 0) throw new Error(`holdfast ${args.join(" ")} ended with ${code}: ${stderr}`);
  };
  await run(["login", world.server.url, "--email", administrator.email, "--password-stdin"], administrator.password);
  const before = { ...(await cpuOf(world)), ended: endedSeconds(process.pid) };
  const seconds = await timed(() => run(["put", "--quiet", path, "/"]));
  const after = await cpuOf(world);
  return { seconds, clientCpu: endedSeconds(process.pid) - before.ended, serverCpu: after.server - before.server };
}

function middle(values: readonly number[]): number {
  return at(values, 0.5);
}
