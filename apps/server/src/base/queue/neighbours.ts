import { type Kysely, sql } from "kysely";
import { textArray } from "../db/array-parameters.ts";
import { SessionLock } from "../db/session-lock.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Shard } from "../db/shards.ts";
import type { Log } from "../operation/log.ts";

export interface Neighbours {
  /** Others can see that this process lives. Until then it claims nothing. */
  readonly isSeen: boolean;
  /** Useful interval for checks between two looks; undefined: none. */
  readonly everyMs: number | undefined;
  /** @returns the workers that are certainly dead */
  gone(workers: readonly string[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

export type OpenNeighbours = (shard: Shard, worker: string, log: Log, onSeen: () => void) => Neighbours;

/** For a database without other processes: all earlier workers are dead. */
export const noNeighbours: OpenNeighbours = () => ({
  isSeen: true,
  everyMs: undefined,
  gone: async (workers) => new Set(workers),
  close: async () => {},
});

/** Workers of older servers hold no lock, so only their lease counts. */
const prefix = "locked ";
const everyMs = 1000;
/** A process that only lost its connection takes its lock again well before that. */
const absentMs = 500;

/** Name of the connection with the lock, which each process with the role worker has to each shard. */
export const workerConnection = "holdfast queue";

/** Each process locks its worker's name. The database drops the lock at any kind of death. */
export const lockedNeighbours: OpenNeighbours = (shard, worker, log, onSeen) => {
  const lock = new SessionLock(
    shard.connection,
    {
      name: nameOf(shard, worker),
      called: `the queue lock of this process on shard ${shard.id}`,
      until: "no queue messages are processed",
      applicationName: workerConnection,
    },
    log,
  );
  lock.onRegained(onSeen);
  void lock.takeInTime();
  const absentSinceMs = new Map<string, number>();
  return {
    get isSeen() {
      return lock.held;
    },
    everyMs,
    gone: async (workers) => {
      const asked = workers.filter((each) => each.startsWith(prefix));
      const locked = asked.length === 0 ? new Set<string>() : await findLocked(shard, asked);
      for (const each of absentSinceMs.keys()) {
        if (!asked.includes(each) || locked.has(each)) absentSinceMs.delete(each);
      }
      const nowMs = performance.now();
      const absent = asked.filter((each) => !locked.has(each));
      for (const each of absent) if (!absentSinceMs.has(each)) absentSinceMs.set(each, nowMs);
      return new Set(absent.filter((each) => nowMs - (absentSinceMs.get(each) ?? nowMs) >= absentMs));
    },
    close: () => lock.release(),
  };
};

export function lockedWorker(id: string): string {
  return `${prefix}${id}`;
}

function nameOf({ id }: Shard, worker: string): string {
  return `holdfast queue ${id} ${worker}`;
}

async function findLocked(shard: Shard, workers: readonly string[]): Promise<Set<string>> {
  const db: Kysely<ShardTables> = shard.db;
  const { rows } = await sql<{ worker: string }>`
    select asked.worker from unnest(${textArray(workers)}, ${textArray(workers.map((each) => nameOf(shard, each)))})
      as asked (worker, name)
    join pg_locks l on l.locktype = 'advisory' and l.objsubid = 1 and l.granted
      and l.database = (select oid from pg_database where datname = current_database())
      and (l.classid::int8 << 32 | l.objid::int8) = hashtextextended(asked.name, 0)`.execute(db);
  return new Set(rows.map(({ worker }) => worker));
}
