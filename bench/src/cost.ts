import { setTimeout as delay } from "node:timers/promises";
import { cpuSeconds, endedSeconds, isPostgres, peakBytes, processTree, resetPeak, treeSeconds } from "./processes.ts";
import { type Cost, timed } from "./report.ts";

/**
 * Measures commands that this process starts and awaits, and the server that they use. The CPU time of the server
 * includes the work after its last response.
 */
export async function measureCost(serverPid: number, work: () => Promise<unknown>): Promise<Cost> {
  await atRest(serverPid);
  resetPeak(serverPid);
  const before = { ...serverSeconds(serverPid), client: endedSeconds(process.pid) };
  const seconds = await timed(work);
  await atRest(serverPid);
  const after = { ...serverSeconds(serverPid), client: endedSeconds(process.pid) };
  const client = after.client - before.client;
  return {
    seconds,
    cpu: {
      // Some work has its clients in this process.
      ...(client > 0 ? { client } : {}),
      server: after.server - before.server,
      database: after.database - before.database,
    },
    peakMb: { server: peakBytes(serverPid) / 1e6 },
  };
}

/** Returns the total CPU time of a server with its ended helpers, and of its PostgreSQL. */
export function serverSeconds(pid: number): { server: number; database: number } {
  const sum = { server: 0, database: 0 };
  for (const one of processTree(pid))
    sum[isPostgres(one) ? "database" : "server"] += cpuSeconds(one) + endedSeconds(one);
  return sum;
}

const restIntervalMs = 500;
/** A resting server with its database uses 0 to 3 ticks of the CPU clock per interval, of 10 ms each. */
const restSeconds = 0.03;
const restMsMax = 60_000;

/** Resolves once a process and its descendants use almost no CPU time, or after a minute. */
export async function atRest(pid: number): Promise<void> {
  const endMs = performance.now() + restMsMax;
  for (let last = -Infinity, now = treeSeconds(pid); now - last > restSeconds && performance.now() < endMs;) {
    await delay(restIntervalMs);
    [last, now] = [now, treeSeconds(pid)];
  }
}
