import { readFileSync, readdirSync } from "node:fs";
import { type RunningServer, startServer } from "@holdfast/server/acceptance/testing";
import { type Row, timed } from "./report.ts";

/** From nothing to ready, and once more on what is there. */
export async function measureStart(dataFolder: string): Promise<Row[]> {
  let server: RunningServer | undefined;
  const first = await timed(async () => (server = await startServer({ dataFolder })));
  await server?.stop();
  const later = await timed(async () => (server = await startServer({ dataFolder })));
  await server?.stop();
  return [
    { work: "first start to ready", by: "holdfast", value: first, unit: "s" },
    { work: "later start to ready", by: "holdfast", value: later, unit: "s" },
  ];
}

/** The proportional set size of the server and its database: shared pages are counted once. */
export async function measureRest(server: RunningServer, restMs: number): Promise<Row[]> {
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

function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    const parent = /\) \S (\d+) /.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

/** The proportional set size of one process. */
export function pssBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

/** Empty for a process that has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
