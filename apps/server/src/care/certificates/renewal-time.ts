import type { Lifetime } from "./judge-certificate.ts";

const renewedShare = 2 / 3;
/** Random share, so that servers set up together do not renew together. */
const jitterShare = 1 / 20;

/**
 * A certificate is renewed when a third of its lifetime is left, or slightly earlier.
 * @param chance at least 0, below 1
 */
export function renewalDueMs({ fromMs, untilMs }: Lifetime, chance: number): number {
  return fromMs + (untilMs - fromMs) * (renewedShare - jitterShare * chance);
}

const minuteMs = 60_000;
/** At most five attempts in the first hour, because authorities limit failures of a name per hour. */
const waitsMs = [2, 8, 20, 40, 60, 120, 240, 360].map((minutes) => minutes * minuteMs);
/** Longest wait, even if the authority demands more. */
const waitMsMax = 7 * 24 * 60 * minuteMs;
/** Maximum share of the remaining lifetime for one wait. */
const leftShareMax = 1 / 8;
const waitMsMin = 1000;

export interface Failed {
  /** Failures in a row, including this one. */
  readonly failures: number;
  readonly retryAfterMs?: number | undefined;
  /** Remaining lifetime of the current certificate; undefined: none. */
  readonly leftMs?: number | undefined;
}

/** @param chance at least 0, below 1 */
export function retryWaitMs({ failures, retryAfterMs = 0, leftMs }: Failed, chance: number): number {
  const usualMs = (waitsMs[Math.min(Math.max(failures, 1), waitsMs.length) - 1] as number) * (1 + chance / 4);
  // A certificate with a lifetime of minutes cannot wait as long as usual.
  const wantedMs =
    leftMs === undefined || leftMs <= 0 ? usualMs : Math.min(usualMs, Math.max(leftMs * leftShareMax, waitMsMin));
  return Math.min(Math.max(wantedMs, retryAfterMs), waitMsMax);
}
