import type { Sleep } from "@holdfast/object-store/call-signal";

export interface PacePorts {
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
  readonly sleep: Sleep;
}

/** Waits so long for what was done that on the whole it is no more than so many bytes a second. */
export type Pace = (doneBytes: number, signal: AbortSignal | undefined) => Promise<void>;

export function makePace(bytesPerSecondMax: number, { monotonicMs, sleep }: PacePorts): Pace {
  let freeAtMs = monotonicMs();
  return async (doneBytes, signal) => {
    const nowMs = monotonicMs();
    // What was not used before is no credit.
    freeAtMs = Math.max(freeAtMs, nowMs - idleMsMax) + (doneBytes / bytesPerSecondMax) * 1000;
    if (freeAtMs > nowMs) await sleep(freeAtMs - nowMs, signal);
  };
}

/** A sleep for each small object would take longer than the object. */
const idleMsMax = 100;
