import { HoldfastError } from "@holdfast/core/errors";

/**
 * Maximum time of a store from writing its pack to its last row. Packs without rows, and holders unknown to their
 * space, are left alone for several times as long. A slower store is not acknowledged, because either may have been
 * deleted.
 */
export const storingMsMax = 10 * 60_000;
/** Older leftovers belong to a store that has ended, and may be adopted or released. */
export const strandedMsMin = 6 * storingMsMax;

/** Must be called after a row is committed. @throws HoldfastError unavailable */
export function assertStoredInTime(startedMs: number, nowMs: number): void {
  if (nowMs - startedMs <= storingMsMax) return;
  throw new HoldfastError("unavailable", "Storing the block took too long. Send it again.", { retryAfterSeconds: 1 });
}
