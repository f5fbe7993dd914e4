import { type ServerProcess, spawnServer } from "@holdfast/server/acceptance/testing";
import { serverSeconds } from "./cost.ts";
import { processTree, pssBytes } from "./processes.ts";
import { type Cost, cpuNote, type Row } from "./report.ts";

interface Starts {
  readonly dataFolder: string;
  readonly launcher: string;
  readonly laterStarts: number;
}

export async function measureStart({ dataFolder, launcher, laterStarts }: Starts): Promise<Row[]> {
  const first = await startOnce(dataFolder, launcher);
  const later: Cost[] = [];
  while (later.length < laterStarts) later.push(await startOnce(dataFolder, launcher));
  return [rowOf("first start to ready", first, 5), rowOf("later start to ready", meanOf(later), 2)];
}

async function startOnce(dataFolder: string, launcher: string): Promise<Cost> {
  const startMs = performance.now();
  const server = await spawnServer({ dataFolder, launcher });
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = serverSeconds(server.pid);
  await server.stop();
  return { seconds, cpu };
}

function meanOf(costs: readonly Cost[]): Cost {
  const mean = (value: (cost: Cost) => number) => costs.reduce((sum, cost) => sum + value(cost), 0) / costs.length;
  return {
    seconds: mean(({ seconds }) => seconds),
    cpu: { server: mean(({ cpu }) => cpu["server"] ?? 0), database: mean(({ cpu }) => cpu["database"] ?? 0) },
  };
}

function rowOf(work: string, cost: Cost, atMost: number): Row {
  return { work, by: "holdfast", value: cost.seconds, unit: "s", goal: { atMost }, note: cpuNote(cost), cost };
}

/** Measures the proportional set size of the server and its database, which counts shared pages once. */
export async function measureRest(server: ServerProcess, restMs: number): Promise<Row[]> {
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const megabytes = processTree(server.pid).reduce((sum, pid) => sum + pssBytes(pid), 0) / 1e6;
  return [
    {
      work: "memory at rest, database included",
      by: "holdfast",
      value: megabytes,
      unit: "MB",
      note: "PSS after the work above",
    },
  ];
}
