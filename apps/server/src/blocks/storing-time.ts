import { HoldfastError } from "@holdfast/core/errors";

/**
 * From the moment at which a store begins to write its pack to its last row. A pack without rows, and a holder of which its space knows
 * nothing, are left alone for several times as long; one that was held up for longer is not acknowledged, as either may have gone.
 */
export const storingMsMax = 10 * 60_000;
/** What is older was left by a store that has ended, and may be adopted or released. */
export const strandedMsMin = 6 * storingMsMax;

/** Asked once a row is committed. @throws HoldfastError unavailable */
export function assertStoredInTime(startedMs: number, nowMs: number): void {
  if (nowMs - startedMs <= storingMsMax) return;
  throw new HoldfastError("unavailable", "Storing the block took too long. Send it again.", { retryAfterSeconds: 1 });
}
