import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { TaskGroup } from "@holdfast/core/task-group";
import { type Kysely, sql } from "kysely";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { Log } from "../../base/operation/log.ts";

/** Jobs find work in the database or the store, so a missed or interrupted run loses nothing. */
export interface PeriodicJob {
  /** Also the name of its lock: only one process runs the job at a time. */
  readonly name: string;
  /** undefined: runs on request only */
  readonly everyMs?: number;
  /** Skips expensive scheduled runs without work. Requested runs ignore it. */
  readonly isDue?: () => Promise<boolean>;
  /** Delay of the first run. Defaults to a short time. */
  readonly firstInMs?: number;
  /** Notes the beginning of a run, so that readers do not see the previous report. */
  readonly begin?: () => Promise<void>;
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
  /** false: jobs run here on request only, and another process runs the schedule */
  readonly isScheduled?: boolean;
}

export interface StartedRun {
  /** Rejects with the job's error. */
  readonly ended: Promise<void>;
}

export interface Jobs {
  /**
   * A current run in this process may be past the new work, so the job runs after it. All requests in the meantime
   * share the same run.
   * @returns after the beginning, or if another process runs it
   * @throws the error that prevented the beginning
   */
  start(name: string): Promise<StartedRun>;
  isRunning(name: string): boolean;
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
  if (options.isScheduled !== false) for (const runner of runners.values()) runner.schedule(options.random());
  return {
    start: (name) => runnerOf(name).start(),
    isRunning: (name) => runnerOf(name).isRunning,
    stop: async () => {
      stop.abort();
      await Promise.allSettled([...runners.values()].map((runner) => runner.stop()));
    },
  };
}

interface Run extends StartedRun {
  /** Settles no later than `ended`. */
  readonly begun: Promise<void>;
  readonly hasBegun: boolean;
}

class Runner {
  readonly #job: PeriodicJob;
  readonly #options: JobsOptions;
  readonly #stopped: AbortSignal;
  /** Scheduled runs of all jobs. */
  readonly #scheduled: TaskGroup;
  #timer: NodeJS.Timeout | undefined;
  #running: Run | undefined;
  #next: Promise<StartedRun> | undefined;

  constructor(job: PeriodicJob, options: JobsOptions, stopped: AbortSignal, scheduled: TaskGroup) {
    this.#job = job;
    this.#options = options;
    this.#stopped = stopped;
    this.#scheduled = scheduled;
  }

  /** @param share 0 to 1, part of the first period */
  schedule(share: number): void {
    const { everyMs, firstInMs } = this.#job;
    if (everyMs !== undefined) this.#runIn(share * (firstInMs ?? Math.min(everyMs, firstRunMsMax)), everyMs);
  }

  #runIn(inMs: number, everyMs: number): void {
    if (this.#stopped.aborted) return;
    this.#timer = setTimeout(() => void this.#scheduled.start(() => this.#runScheduled(everyMs)), inMs);
    this.#timer.unref();
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  start(): Promise<StartedRun> {
    this.#next ??= this.#startNext().finally(() => (this.#next = undefined));
    return this.#next;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running?.ended;
  }

  async #startNext(): Promise<StartedRun> {
    if (this.#running?.hasBegun === true) await this.#running.ended.catch(() => {});
    if (this.#stopped.aborted)
      throw new HoldfastError("unavailable", "The server is stopping. Try again once it runs.");
    const { begun, ended } = this.#run();
    await begun;
    return { ended };
  }

  #run(): Run {
    this.#running ??= this.#runOnce();
    return this.#running;
  }

  #runOnce(): Run {
    const begun = Promise.withResolvers<void>();
    let hasBegun = false;
    const ended = this.#work(() => {
      hasBegun = true;
      begun.resolve();
    }).finally(() => (this.#running = undefined));
    // A run may end without a beginning.
    ended.then(begun.resolve, begun.reject);
    begun.promise.catch(() => {});
    return {
      begun: begun.promise,
      ended,
      get hasBegun() {
        return hasBegun;
      },
    };
  }

  async #runScheduled(everyMs: number): Promise<void> {
    if (this.#stopped.aborted) return;
    try {
      if ((await this.#job.isDue?.()) ?? true) await this.#run().ended;
    } catch (error) {
      const { code, message } = toHoldfastError(error);
      this.#options.log.error(
        { job: this.#job.name, code, reason: message },
        "a job failed; it runs again as scheduled",
      );
    }
    this.#runIn(everyMs * (0.9 + this.#options.random() * 0.2), everyMs);
  }

  async #work(onBegun: () => void): Promise<void> {
    const { assertMayRun, db, log } = this.#options;
    assertMayRun?.();
    const startedMs = performance.now();
    const isOurs = await withLock(db, this.#job.name, async () => {
      await this.#job.begin?.();
      onBegun();
      await this.#job.run(this.#stopped);
    });
    if (!isOurs) return;
    log.debug({ job: this.#job.name, ms: Math.round(performance.now() - startedMs) }, "a job ran");
  }
}

/** First half of the lock's key: ASCII "hold". */
const lockSpace = 0x686f6c64;

/** The lock ends with the connection, even if the process is killed. @returns false if another process runs the job */
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
