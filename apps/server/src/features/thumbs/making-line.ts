import { HoldfastError } from "@holdfast/core/errors";

export interface LineOptions {
  readonly runningMax: number;
  readonly waitingMax: number;
  readonly shareMax: number;
}

interface Job {
  readonly key: string;
  readonly payer: string;
  readonly work: () => Promise<unknown>;
  readonly done: PromiseWithResolvers<unknown>;
  waiting: number;
  isRunning: boolean;
}

/**
 * Runs each job once for all callers. Payers take turns; a payer's latest job runs first, because it is visible now.
 * Drops jobs without callers.
 */
export class MakingLine {
  readonly #options: LineOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #lines = new Map<string, Job[]>();
  #running = 0;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** @throws HoldfastError unavailable if too many wait; errors of `work`; the reason of `signal` */
  async run<Result>(
    { key, payer, signal }: { readonly key: string; readonly payer: string; readonly signal: AbortSignal },
    work: () => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const job = this.#jobs.get(key) ?? this.#enter(key, payer, work);
    job.waiting += 1;
    const gone = Promise.withResolvers<never>();
    const leave = () => {
      gone.reject(signal.reason as Error);
      job.waiting -= 1;
      if (job.waiting === 0 && !job.isRunning) this.#remove(job);
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      return (await Promise.race([job.done.promise, gone.promise])) as Result;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #enter(key: string, payer: string, work: () => Promise<unknown>): Job {
    const line = this.#lines.get(payer) ?? [];
    const waiting = this.#jobs.size - this.#running;
    if (waiting >= this.#options.waitingMax || line.length >= this.#options.shareMax) {
      throw new HoldfastError("unavailable", "Too many thumbnails are waiting to be created. Try again in a moment.", {
        retryAfterSeconds: 2,
      });
    }
    const job: Job = { key, payer, work, done: Promise.withResolvers(), waiting: 0, isRunning: false };
    // Callers have their own promises; this one may reject after they left.
    job.done.promise.catch(() => {});
    this.#jobs.set(key, job);
    this.#lines.set(payer, [...line, job]);
    this.#next();
    return job;
  }

  #remove(job: Job): void {
    const line = (this.#lines.get(job.payer) ?? []).filter((each) => each !== job);
    if (line.length === 0) this.#lines.delete(job.payer);
    else this.#lines.set(job.payer, line);
    if (!job.isRunning) this.#jobs.delete(job.key);
  }

  #next(): void {
    while (this.#running < this.#options.runningMax) {
      const [turn] = this.#lines;
      const job = turn?.[1].at(-1);
      if (turn === undefined || job === undefined) return;
      job.isRunning = true;
      this.#running += 1;
      this.#remove(job);
      const rest = this.#lines.get(job.payer);
      if (rest !== undefined && this.#lines.delete(job.payer)) this.#lines.set(job.payer, rest);
      void this.#work(job);
    }
  }

  async #work(job: Job): Promise<void> {
    try {
      job.done.resolve(await job.work());
    } catch (error) {
      job.done.reject(error);
    }
    this.#jobs.delete(job.key);
    this.#running -= 1;
    this.#next();
  }
}
