import type pg from "pg";
import { HoldfastError } from "@holdfast/core/errors";

/** A place in PostgreSQL's write-ahead log. Those of different origins or timelines cannot be compared. */
export interface LogPosition {
  /** Cluster and name of the database. */
  readonly origin: string;
  /** Grows with each promotion of a standby. */
  readonly timeline: number;
  readonly bytes: number;
}

export interface LogEnd extends LogPosition {
  /** A commit waits for a synchronous standby. Other standbys may show it, and it may be lost. */
  readonly isWaiting: boolean;
}

/** End of the log that a standby has replayed. */
export interface ReplayedLog extends LogPosition {
  /** False after a promotion. */
  readonly isStandby: boolean;
}

export interface Lag {
  readonly state: "behind" | "not_standby";
  readonly reason: string;
  readonly behindBytes?: number;
}

/** @returns undefined if everything up to the position was replayed */
export function lagOf(replayed: ReplayedLog, wanted: LogPosition): Lag | undefined {
  if (!replayed.isStandby) return { state: "not_standby", reason: "It is not a standby." };
  if (replayed.origin !== wanted.origin)
    return { state: "not_standby", reason: "It is a standby of another database." };
  if (replayed.timeline !== wanted.timeline) {
    const reason = `It is on timeline ${replayed.timeline}, the primary on ${wanted.timeline}.`;
    return { state: "behind", reason };
  }
  const behindBytes = wanted.bytes - replayed.bytes;
  return behindBytes <= 0 ? undefined : { state: "behind", reason: `It is ${behindBytes} bytes behind.`, behindBytes };
}

type Queries = Pick<pg.Client | pg.PoolClient, "query">;

const origin = `(select system_identifier from pg_control_system())::text || '/' || current_database() as origin`;

/** Commits are waiting longer than a synchronous standby usually takes. */
const waitingMsMin = 250;

/**
 * Every commit that a session has seen or that was acknowledged is before this position. Without synchronous commit,
 * that is true only of the log that is not written yet.
 */
export async function readLogEnd(primary: Queries): Promise<LogEnd> {
  return firstRow<LogEnd>(
    await primary.query(`
      select ${origin}, (lsn - '0/0'::pg_lsn)::int8 as bytes,
        ('x' || left(pg_walfile_name(lsn), 8))::bit(32)::int8 as timeline,
        case when current_setting('synchronous_standby_names') = '' then false else exists (
          select from pg_stat_activity
          where wait_event = 'SyncRep' and query_start < clock_timestamp() - interval '${waitingMsMin} ms') end
          as "isWaiting"
      from (select case when current_setting('synchronous_commit') = 'off' then pg_current_wal_insert_lsn()
        else pg_current_wal_flush_lsn() end as lsn) as log`),
  );
}

/**
 * The timeline is that of the running receiver, for roles with `pg_read_all_stats`. Otherwise it is that of the last
 * restart point, which is older for minutes after a failover.
 */
export async function readReplayed(standby: Queries): Promise<ReplayedLog> {
  return firstRow<ReplayedLog>(
    await standby.query(`
      select ${origin}, pg_is_in_recovery() as "isStandby",
        coalesce((pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::int8, 0) as bytes,
        coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint()))::int8
          as timeline`),
  );
}

function firstRow<Row>({ rows }: pg.QueryResult): Row {
  const [row] = rows as readonly Row[];
  if (row === undefined) throw new HoldfastError("internal", "PostgreSQL does not report a position of its log.");
  return row;
}

/**
 * Runs a query so that its result is from a moment after the call. Calls that arrive during a query share the next one,
 * so the work does not grow with their number.
 */
export class SharedQuery<Result> {
  readonly #run: () => Promise<Result>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<Result> | undefined;

  constructor(run: () => Promise<Result>) {
    this.#run = run;
  }

  run(): Promise<Result> {
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  async #afterRunning(): Promise<Result> {
    await this.#running;
    this.#next = undefined;
    const result = this.#run();
    this.#running = result.catch(() => {});
    return result;
  }
}
