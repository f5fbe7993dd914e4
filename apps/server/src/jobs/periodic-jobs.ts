import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { TaskGroup } from "@holdfast/core/task-group";
import { type Kysely, sql } from "kysely";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Log } from "../operation/log.ts";

/** Work that finds in the database or the store what is to be done, so that a run that was missed or cut loses nothing. */
export interface PeriodicJob {
  /** Also the name of its lock: of all processes only one runs it at a time. */
  readonly name: string;
  /** Undefined: only when somebody asks for it. */
  readonly everyMs?: number;
  /** Whether there is anything to do when its time has come, where a run costs much. Whoever asks for a run gets one whatever this says. */
  readonly isDue?: () => Promise<boolean>;
  /** When it runs for the first time after a start; soon unless told. */
  readonly firstInMs?: number;
  /** Notes that a run begins, for a job that reports how it goes: whoever asks from then on is not shown the last report. */
  readonly begin?: () => Promise<void>;
  /** Ends early, at a point where it may, when the signal says so. What it reports to be over is the last that it does. */
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
  /** False: a job runs here only when somebody asks for it; another process runs it in its time. */
  readonly isScheduled?: boolean;
}

export interface StartedRun {
  /** Rejects with what the job throws. */
  readonly ended: Promise<void>;
}

export interface Jobs {
  /**
   * Runs the job, after the run that has begun in this process: of what that has behind it nothing is done for whoever asks now. All who ask
   * meanwhile get the same run.
   * @returns once it has begun, or another process was found to run it
   * @throws what kept it from beginning
   */
  start(name: string): Promise<StartedRun>;
  /** Whether a run is under way in this process. */
  isRunning(name: string): boolean;
  /** Starts no more, tells those that run to end, and waits for them. */
  stop(): Promise<void>;
}

/** The first run comes soon, since what a crash left behind should not wait for the whole period. */
const firstRunMsMax = 15_000;
/** A run holds one connection for its lock and works with others: as many as there are at once would wait for each other, and all fail. */
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
  /** Settles when `ended` does at the latest. */
  readonly begun: Promise<void>;
  readonly hasBegun: boolean;
}

class Runner {
  readonly #job: PeriodicJob;
  readonly #options: JobsOptions;
  readonly #stopped: AbortSignal;
  /** Runs of all jobs whose time has come. */
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

  /** @param share 0 to 1, of the time within which it runs first */
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
    // It may come to its end, or to nothing, without a beginning.
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
