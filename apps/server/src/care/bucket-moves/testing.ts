import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import { bounded, patience } from "@holdfast/tools/bounded";
import { sql } from "kysely";
import { type BucketRange, isInRange, movedTables } from "../../base/db/bucket-columns.ts";
import type { Connection } from "../../base/db/database.ts";
import { followShardMap, type MapTimes } from "../../base/db/follow-shard-map.ts";
import { type MoveState, readShardMap } from "../../base/db/shard-map.ts";
import { type Databases, openDatabases, type Shard } from "../../base/db/shards.ts";
import { startTestDatabase, startTestDatabases, silentLog, urlOf } from "../../base/db/testing.ts";
import { topologySchema } from "../../base/db/topology.ts";
import { continueMove, type MovePorts, readMove } from "./move-buckets.ts";

export const times: MapTimes = { pollMs: 50, retryMs: 50, movingPollMs: 100, leaseMs: 3000 };
const options = { fsync: false, logical: true };

export interface ProcessOptions {
  /** The process was not configured with this shard. */
  readonly without?: string;
  /** Database URLs of this process by shard. */
  readonly urls?: Readonly<Record<string, string>>;
}

export interface TestProcess extends Databases {
  readonly endFollowing: () => Promise<void>;
}

export interface MoveShards {
  readonly connections: Readonly<Record<string, Connection>>;
  /** As one process of the server, until the test ends. PostgreSQL has too few connections for those of all tests. */
  openProcess(context: TestContext, given?: ProcessOptions): Promise<TestProcess>;
  stop(): Promise<void>;
}

/** The shard `old` with all buckets, and empty ones. */
export async function openMoveShards(names: readonly string[]): Promise<MoveShards> {
  const first = await startTestDatabases(options);
  const others = await Promise.all(names.map(() => startTestDatabase(options)));
  const empty = others.map(({ connection }, index) => [names[index] as string, connection] as const);
  const all = { buckets: [[0, 4095]], database_url: urlOf(first.connection) };
  const topology = topologySchema.parse({
    shards: [
      { ...all, id: "old" },
      ...empty.map(([id, connection]) => ({ id, buckets: [], database_url: urlOf(connection) })),
    ],
    cells: [{ ...all, id: "main" }],
  });
  return {
    connections: { old: first.connection, ...Object.fromEntries(empty) },
    async openProcess(context, { without, urls = {} } = {}) {
      const shards = topology.shards
        .filter(({ id }) => id !== without)
        .map((shard) => Object.assign({}, shard, { database_url: urls[shard.id] ?? shard.database_url }));
      const known = { ...topology, shards };
      const databases = openDatabases({ defaultConnection: first.connection, log: silentLog, topology: known });
      let endFollowing = async () => {};
      context.after(async () => {
        await endFollowing();
        await databases.close();
      });
      endFollowing = await followShardMap({ databases, log: silentLog, times });
      return Object.assign(databases, { endFollowing });
    },
    stop: async () => {
      await first.stop();
      for (const other of others) await other.stop();
    },
  };
}

const wait: MovePorts["wait"] = (delayMs, signal) => delay(delayMs, undefined, { signal });

export const portsOf = (databases: Databases) => ({ databases, times, log: silentLog, wait });

export async function stateOf({ cells }: Databases): Promise<MoveState | undefined> {
  return (await readShardMap(cells.of(toBucket(0)).db)).map?.move?.state;
}

const endMsMax = 60_000;

/**
 * Continues the move once.
 * @throws HoldfastError failed after a time limit, with the state of the move and of the databases
 */
export async function continueOnce(databases: Databases, changed: Partial<MovePorts> = {}): Promise<void> {
  const limitMs = endMsMax * patience;
  const late = new AbortController();
  const end = async () => {
    const found = await describe(databases).catch((error: unknown) => (error as Error).message);
    late.abort(new HoldfastError("failed", `Waited ${limitMs} ms in vain for the move: ${found}`));
  };
  const timer = setTimeout(() => void end(), limitMs).unref();
  try {
    await continueMove({ ...portsOf(databases), ...changed }, late.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function describe(databases: Databases): Promise<string> {
  const { rows } = await sql`
    select datname, application_name, backend_type, state, wait_event_type, wait_event, pg_blocking_pids(pid) as blocked_by,
      pid, (clock_timestamp() - query_start)::text as since, left(query, 200) as query from pg_stat_activity
    where state <> 'idle' or application_name = 'holdfast move'`.execute((databases.shard("old") as Shard).db);
  return JSON.stringify({ ...(await readMove(databases)), rows }, undefined, 1);
}

/** Continues the move until it ends, as the worker's job does. @returns errors after which it was tried again */
export async function continueToEnd(databases: Databases, changed?: Partial<MovePorts>): Promise<string[]> {
  return continueUntil("the end of the move", () => continueOnce(databases, changed));
}

/** Continues the move until its problem matches, as the worker's job does. */
export async function continueToProblem(databases: Databases, problem: RegExp): Promise<void> {
  await continueUntil(`the problem ${String(problem)}`, async () => {
    try {
      await continueOnce(databases);
    } catch (error) {
      if (problem.test((error as Error).message)) return;
      throw error;
    }
    throw new HoldfastError("failed", `The move ended without the problem ${String(problem)}.`);
  });
}

async function continueUntil(what: string, attempt: () => Promise<void>): Promise<string[]> {
  const problems: string[] = [];
  const check = bounded(what);
  for (;;) {
    try {
      await attempt();
      return problems;
    } catch (error) {
      if (!toHoldfastError(error).retryable) throw error;
      problems.push((error as Error).message);
      check();
      await delay(times.retryMs);
    }
  }
}

/** Continues the move until it waits in this state, and then never again, as if the process was killed. */
export async function continueUntilKilled(databases: Databases, state: MoveState): Promise<void> {
  const killed = Promise.withResolvers<void>();
  const hang: MovePorts["wait"] = async (delayMs, signal) => {
    if ((await stateOf(databases)) !== state) return wait(delayMs, signal);
    killed.resolve();
    return new Promise(() => {});
  };
  continueToEnd(databases, { wait: hang }).then(
    () => killed.reject(new HoldfastError("failed", `The move ended, and never waited in the state ${state}.`)),
    killed.reject,
  );
  await killed.promise;
  await assert.rejects(continueOnce(databases), { code: "locked" }, "one process continues");
  await sql`
    select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = 'holdfast move'`.execute(
    (databases.shard("old") as Shard).db,
  );
}

export async function countRows(shard: Shard, buckets: BucketRange): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of movedTables) {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from ${sql.table(`shard.${table.table}`)} where ${sql.raw(isInRange(table, buckets))}`.execute(
      shard.db,
    );
    if ((rows[0]?.count ?? 0) > 0) counts[table.table] = rows[0]?.count ?? 0;
  }
  return counts;
}

/** In all databases of the PostgreSQL. */
export async function remains({ db }: Shard): Promise<string[]> {
  const { rows } = await sql<{ kind: string }>`
    select 'slot' as kind, slot_name as name from pg_replication_slots union all select 'publication', pubname from pg_publication
    union all select 'subscription', subname from pg_subscription order by kind`.execute(db);
  return rows.map(({ kind }) => kind);
}

export interface RefusingProxy {
  readonly url: string;
  /** Sessions of moves that were rejected. */
  readonly refused: () => number;
}

/** To the database, but rejects sessions of moves as a PostgreSQL without a free connection does. */
export async function startRefusingProxy(
  context: TestContext,
  target: Connection,
  refuses: (session: number) => boolean,
): Promise<RefusingProxy> {
  const counts = { sessions: 0, refused: 0 };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (start) => {
      if (start.includes("application_name\0holdfast move\0") && refuses((counts.sessions += 1))) {
        counts.refused += 1;
        socket.end(tooManyConnections());
        return;
      }
      const database = connect(`${target.host}/.s.PGSQL.${target.port}`);
      database.on("error", () => socket.destroy());
      socket.on("close", () => database.destroy());
      database.write(start);
      socket.pipe(database).pipe(socket);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => void server.close());
  const address = server.address() as { readonly port: number };
  const { user, password, database } = target;
  const url = `postgres://${user}:${encodeURIComponent(String(password))}@127.0.0.1:${address.port}/${database}`;
  return { url, refused: () => counts.refused };
}

/** ErrorResponse of PostgreSQL's protocol. */
function tooManyConnections(): Buffer {
  const fields = ["SFATAL", "VFATAL", "C53300", "Msorry, too many clients already", ""].join("\0");
  const body = Buffer.from(`${fields}\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
