import { toHoldfastError } from "@holdfast/core/errors";
import { type Kysely, sql } from "kysely";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Log } from "../operation/log.ts";

/** Work that finds in the database or the store what is to be done, so that a run that was missed or cut loses nothing. */
export interface PeriodicJob {
  /** Also the name of its lock: of all processes only one runs it at a time. */
  readonly name: string;
  readonly everyMs: number;
  /** When it runs for the first time after a start; soon unless told. */
  readonly firstInMs?: number;
  /** Ends early, at a point where it may, when the signal says so. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface JobsOptions {
  /** Holds the locks: the shard of bucket 0. */
  readonly db: Kysely<ShardTables>;
  readonly log: Log;
  /** 0 to 1, so that processes started together do not run together. */
  readonly random: () => number;
  /** Throws while no job may run. */
  readonly assertMayRun?: () => void;
}

export interface Jobs {
  /** Runs the job now, or waits for the run that is under way in this process. @throws what the job throws */
  runNow(name: string): Promise<void>;
  /** Starts no more, tells those that run to end, and waits for them. */
  stop(): Promise<void>;
}

/** The first run comes soon, since what a crash left behind should not wait for the whole period. */
const firstRunMsMax = 15_000;

export function startJobs(jobs: readonly PeriodicJob[], options: JobsOptions): Jobs {
  const stop = new AbortController();
  const runners = new Map(jobs.map((job) => [job.name, new Runner(job, options, stop.signal)]));
  for (const runner of runners.values()) runner.schedule(options.random() * runner.firstInMs);
  return {
    runNow: async (name) => runners.get(name)?.run(),
    stop: async () => {
      stop.abort();
      await Promise.allSettled([...runners.values()].map((runner) => runner.stop()));
    },
  };
}

class Runner {
  readonly #job: PeriodicJob;
  readonly #options: JobsOptions;
  readonly #stopped: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(job: PeriodicJob, options: JobsOptions, stopped: AbortSignal) {
    this.#job = job;
    this.#options = options;
    this.#stopped = stopped;
  }

  get firstInMs(): number {
    return this.#job.firstInMs ?? Math.min(this.#job.everyMs, firstRunMsMax);
  }

  schedule(inMs: number): void {
    if (this.#stopped.aborted) return;
    this.#timer = setTimeout(() => void this.#runScheduled(), inMs);
    this.#timer.unref();
  }

  run(): Promise<void> {
    this.#running ??= this.#runOnce().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #runScheduled(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      const { code, message } = toHoldfastError(error);
      this.#options.log.error(
        { job: this.#job.name, code, reason: message },
        "a job failed; it runs again in its time",
      );
    }
    this.schedule(this.#job.everyMs * (0.9 + this.#options.random() * 0.2));
  }

  async #runOnce(): Promise<void> {
    const { assertMayRun, db, log } = this.#options;
    assertMayRun?.();
    const startedMs = performance.now();
    if (!(await withLock(db, this.#job.name, () => this.#job.run(this.#stopped)))) return;
    log.debug({ job: this.#job.name, ms: Math.round(performance.now() - startedMs) }, "a job ran");
  }
}

/** The first half of the lock's key: "holdjobs" would be too long for 32 bits, so its first four letters. */
const lockSpace = 0x686f6c64;

/** @returns false if another process runs it. The lock ends with the connection, so a killed process leaves none. */
async function withLock(db: Kysely<ShardTables>, name: string, work: () => Promise<void>): Promise<boolean> {
  return db.connection().execute(async (connection) => {
    const key = sql`${lockSpace}::int, hashtext(${name})`;
    const { rows } = await sql<{ taken: boolean }>`select pg_try_advisory_lock(${key}) as taken`.execute(connection);
    if (rows[0]?.taken !== true) return false;
    try {
      await work();
    } finally {
      await sql`select pg_advisory_unlock(${key})`.execute(connection);
    }
    return true;
  });
}
