import { type ServerProcess, spawnServer } from "@holdfast/server/acceptance/testing";
import { processTree, pssBytes } from "./processes.ts";
import { type Row, timed } from "./report.ts";

/** Measures the first start and a restart with existing data. */
export async function measureStart(dataFolder: string): Promise<Row[]> {
  let server: ServerProcess | undefined;
  const first = await timed(async () => (server = await spawnServer({ dataFolder })));
  await server?.stop();
  const later = await timed(async () => (server = await spawnServer({ dataFolder })));
  await server?.stop();
  return [
    { work: "first start to ready", by: "holdfast", value: first, unit: "s", goal: { atMost: 5 } },
    { work: "later start to ready", by: "holdfast", value: later, unit: "s", goal: { atMost: 2 } },
  ];
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
