import type { Lifetime } from "./judge-certificate.ts";

const renewedShare = 2 / 3;
/** Of the lifetime, by chance, so that servers that were set up together do not ask together. */
const jitterShare = 1 / 20;

/** Once a third of its lifetime is left a certificate is renewed, or a little earlier. @param chance from 0 up to 1 */
export function renewalDueMs({ fromMs, untilMs }: Lifetime, chance: number): number {
  return fromMs + (untilMs - fromMs) * (renewedShare - jitterShare * chance);
}

const minuteMs = 60_000;
/** So that at most five of them fall into the first hour: authorities count the failures of a name by the hour. */
const waitsMs = [2, 8, 20, 40, 60, 120, 240, 360].map((minutes) => minutes * minuteMs);
/** Never longer, whatever an authority says. */
const waitMsMax = 7 * 24 * 60 * minuteMs;
/** Of what is left of a certificate one wait takes at most so much. */
const leftShareMax = 1 / 8;
/** However little of it is left. */
const waitMsMin = 1000;

export interface Failed {
  /** In a row, this one too. */
  readonly failures: number;
  /** What the authority asks for. */
  readonly retryAfterMs?: number | undefined;
  /** Until the certificate that is served expires; undefined: none is. */
  readonly leftMs?: number | undefined;
}

/** How long to wait after a failure before the authority is asked again. @param chance from 0 up to 1 */
export function retryWaitMs({ failures, retryAfterMs = 0, leftMs }: Failed, chance: number): number {
  const usualMs = (waitsMs[Math.min(Math.max(failures, 1), waitsMs.length) - 1] as number) * (1 + chance / 4);
  // One that lives for minutes needs its next before the usual wait is over.
  const wantedMs =
    leftMs === undefined || leftMs <= 0 ? usualMs : Math.min(usualMs, Math.max(leftMs * leftShareMax, waitMsMin));
  return Math.min(Math.max(wantedMs, retryAfterMs), waitMsMax);
}
