import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { TaskGroup } from "@holdfast/core/task-group";
import { type Kysely, sql } from "kysely";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { Log } from "../../base/operation/log.ts";
import { jobLockKey } from "../../base/queue/job-lock.ts";

/** Jobs find work in the database or the store, so a missed or interrupted run loses nothing. */
export interface PeriodicJob {
  /** Also the name of its lock: only one process runs the job at a time. */
  readonly name: string;
  readonly everyMs: number;
  /** Skips expensive runs without work. */
  readonly isDue?: () => Promise<boolean>;
  /** Delay of the first run. Defaults to a short time. */
  readonly firstInMs?: number;
  /** Stops early at a safe point on the signal. Reports its end last. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface JobsOptions {
  /** Holds the locks: shard of bucket 0. */
  readonly db: Kysely<ShardTables>;
  readonly log: Log;
  /** 0 to 1, to spread processes that start together. */
  readonly random: () => number;
  /** Throws while no job may run. */
  readonly assertMayRun?: () => void;
  /** Jobs wait without errors. */
  readonly isPaused?: () => boolean;
}

export interface Jobs {
  /**
   * Runs the job now if it is due, for work that was just stored. A current run in this process may be past the new
   * work, so the job runs after it.
   */
  look(name: string): void;
  /** Stops the schedule, signals running jobs and waits for them. */
  stop(): Promise<void>;
}

/** Early first run, so that remains of a crash do not wait a whole period. */
const firstRunMsMax = 15_000;
/** Each run holds a connection for its lock and needs others to work. Too many runs would all wait for each other. */
const scheduledAtOnceMax = 5;

export function startJobs(jobs: readonly PeriodicJob[], options: JobsOptions): Jobs {
  const stop = new AbortController();
  const scheduled = new TaskGroup(scheduledAtOnceMax);
  const runners = new Map(jobs.map((job) => [job.name, new Runner(job, options, stop.signal, scheduled)]));
  const runnerOf = (name: string): Runner => {
    const runner = runners.get(name);
    if (runner === undefined) throw new HoldfastError("internal", `There is no job ${name}.`);
    return runner;
  };
  for (const runner of runners.values()) runner.schedule(options.random());
  return {
    look: (name) => runnerOf(name).look(),
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
  readonly #scheduled: TaskGroup;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** A look after the current run is requested. */
  #isNext = false;

  constructor(job: PeriodicJob, options: JobsOptions, stopped: AbortSignal, scheduled: TaskGroup) {
    this.#job = job;
    this.#options = options;
    this.#stopped = stopped;
    this.#scheduled = scheduled;
  }

  /** @param share 0 to 1, part of the first period */
  schedule(share: number): void {
    const { everyMs, firstInMs } = this.#job;
    this.#runIn(share * (firstInMs ?? Math.min(everyMs, firstRunMsMax)), everyMs);
  }

  #runIn(inMs: number, everyMs: number): void {
    if (this.#stopped.aborted) return;
    this.#timer = setTimeout(() => void this.#scheduled.start(() => this.#runScheduled(everyMs)), inMs);
    this.#timer.unref();
  }

  look(): void {
    if (this.#isNext) return;
    this.#isNext = true;
    void this.#lookNext();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #lookNext(): Promise<void> {
    await this.#running?.catch(() => {});
    this.#isNext = false;
    await this.#runIfDue();
  }

  async #runScheduled(everyMs: number): Promise<void> {
    await this.#runIfDue();
    this.#runIn(everyMs * (0.9 + this.#options.random() * 0.2), everyMs);
  }

  async #runIfDue(): Promise<void> {
    if (this.#stopped.aborted || this.#options.isPaused?.() === true) return;
    try {
      const isDue = (await this.#job.isDue?.()) ?? true;
      if (!isDue || this.#stopped.aborted) return;
      this.#running ??= this.#work().finally(() => (this.#running = undefined));
      await this.#running;
    } catch (error) {
      const { code, message } = toHoldfastError(error);
      const fields = { job: this.#job.name, code, reason: message };
      if (this.#stopped.aborted)
        this.#options.log.debug(fields, "a job was interrupted; it runs again after the next start");
      else this.#options.log.error(fields, "a job failed; it runs again as scheduled");
    }
  }

  async #work(): Promise<void> {
    const { assertMayRun, db, log } = this.#options;
    assertMayRun?.();
    const startedMs = performance.now();
    const isOurs = await withLock(db, this.#job.name, () => this.#job.run(this.#stopped));
    if (!isOurs) return;
    log.debug({ job: this.#job.name, ms: Math.round(performance.now() - startedMs) }, "a job ran");
  }
}

/** The lock ends with the connection, even if the process is killed. @returns false if another process runs the job */
async function withLock(db: Kysely<ShardTables>, name: string, work: () => Promise<void>): Promise<boolean> {
  return db.connection().execute(async (connection) => {
    const key = jobLockKey(name);
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
