import type { Sleep } from "@holdfast/object-store/call-signal";

export interface PacePorts {
  /** Milliseconds of a monotonic clock. */
  readonly monotonicMs: () => number;
  readonly sleep: Sleep;
}

/** Waits after work to limit the average bytes per second. */
export type Pace = (doneBytes: number, signal: AbortSignal | undefined) => Promise<void>;

export function makePace(bytesPerSecondMax: number, { monotonicMs, sleep }: PacePorts): Pace {
  let freeAtMs = monotonicMs();
  return async (doneBytes, signal) => {
    const nowMs = monotonicMs();
    // Unused time is no credit.
    freeAtMs = Math.max(freeAtMs, nowMs - idleMsMax) + (doneBytes / bytesPerSecondMax) * 1000;
    if (freeAtMs > nowMs) await sleep(freeAtMs - nowMs, signal);
  };
}

/** A sleep for each small object would take longer than its copy. */
const idleMsMax = 100;
