import { performance } from "node:perf_hooks";

/** Maximum number of requests in work. */
export interface ConcurrencyLimit {
  /** The limit of a process that is not busy. */
  readonly most: number;
  /** @param inWork current number */
  max(inWork: number): number;
}

export interface LoopClock {
  nowMs(): number;
  /** Share of the time since the last call in which the event loop was busy. */
  takeUtilization(): number;
}

const windowMs = 50;
const busyShare = 0.9;
const growth = 1.25;
const reduction = 0.75;
/** Enough to keep a core busy, although each waits for its queries. */
const least = 8;

/**
 * Falls while the event loop is busy, and otherwise grows: it is idle while requests wait for a database, a store
 * or their client, which is no reason to reject others. Measured in windows, each of which ends with a call.
 */
export class AdaptiveLimit implements ConcurrencyLimit {
  readonly #clock: LoopClock;
  #sinceMs: number;
  readonly most = 4096;
  #max = this.most;

  constructor(clock: LoopClock = loopClock()) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
  }

  max(inWork: number): number {
    const nowMs = this.#clock.nowMs();
    const windows = (nowMs - this.#sinceMs) / windowMs;
    if (windows < 1) return this.#max;
    this.#sinceMs = nowMs;
    this.#max =
      this.#clock.takeUtilization() > busyShare
        ? Math.max(least, Math.floor(Math.min(this.#max, inWork) * reduction))
        : Math.min(this.most, Math.ceil(this.#max * growth ** windows));
    return this.#max;
  }
}

function loopClock(): LoopClock {
  let since = performance.eventLoopUtilization();
  return {
    nowMs: () => performance.now(),
    takeUtilization: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, since);
      since = now;
      return utilization;
    },
  };
}
