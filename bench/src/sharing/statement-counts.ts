import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "@holdfast/server/base/db/database";
import { openPool } from "@holdfast/server/base/db/database";
import { silentLog } from "@holdfast/server/base/db/testing";
import { processTree, threadSeconds } from "../processes.ts";

type Pool = ReturnType<typeof openPool>;

export const countingSettings = { shared_preload_libraries: "pg_stat_statements", "pg_stat_statements.max": "1000" };

/** Cost of work for the server and its database, independent of other load. */
export interface Cost {
  /** CPU time of the server process. */
  readonly serverMs: number;
  /** CPU time of all database processes. */
  readonly databaseMs: number;
  /** Number of statements, including the start and end of transactions. */
  readonly statements: number;
}

export interface CostParts {
  readonly pool: Pool;
  readonly serverPid: number;
  readonly databasePid: number;
}

export async function openCounts(connection: Connection): Promise<Pool> {
  const pool = openPool({ connection, applicationName: "bench", log: silentLog, statementTimeoutMs: 600_000 });
  await pool.query("create extension if not exists pg_stat_statements");
  return pool;
}

export async function costOf({ pool, serverPid, databasePid }: CostParts, work: () => Promise<unknown>): Promise<Cost> {
  await pool.query("select pg_stat_statements_reset()");
  const ours = () => ({ serverMs: threadSeconds(serverPid) * 1000, databaseMs: treeMs(databasePid) });
  const before = ours();
  await work();
  const after = ours();
  return {
    serverMs: after.serverMs - before.serverMs,
    databaseMs: after.databaseMs - before.databaseMs,
    statements: await countOf(pool),
  };
}

async function countOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ calls: number }>(
    "select coalesce(sum(calls), 0)::int8 as calls from pg_stat_statements where query not like '%pg_stat_statements%'",
  );
  return rows[0]?.calls ?? 0;
}

const quietMs = 500;
/** Statements of the idle queue. */
const restlessStatements = 10;

export async function quietOf(pool: Pool): Promise<void> {
  const endMs = performance.now() + 120_000;
  for (let before = -Infinity, now = await countOf(pool); now - before > restlessStatements;) {
    if (performance.now() > endMs) throw new Error("The database is asked without an end.");
    await delay(quietMs);
    [before, now] = [now, await countOf(pool)];
  }
}

/** Returns the cost per call as text. */
export function costNote({ serverMs, databaseMs, statements }: Cost, calls: number): string {
  const each = (value: number) => (value / calls).toFixed(value / calls < 10 ? 2 : 0);
  return `each ${each(serverMs)} ms of CPU in the server, ${each(databaseMs)} in the database, ${each(statements)} statements`;
}

export async function statementsOf(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ calls: number; ms: number; text: string }>(
    `select calls, total_exec_time as ms, regexp_replace(query, '\\s+', ' ', 'g') as text from pg_stat_statements
     where query not like '%pg_stat_statements%' order by total_exec_time desc limit 40`,
  );
  return rows.map(
    ({ calls, ms, text }) => `${String(calls).padStart(7)} ${ms.toFixed(1).padStart(10)} ms  ${text.slice(0, 300)}`,
  );
}

function treeMs(pid: number): number {
  return processTree(pid).reduce((sum, each) => sum + threadSeconds(each) * 1000, 0);
}
