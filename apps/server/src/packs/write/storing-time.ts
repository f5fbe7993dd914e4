import { HoldfastError } from "@holdfast/core/errors";

/**
 * From writing a pack to the last row. A slower store is not acknowledged, because packs without rows, and holders
 * unknown to their space, are deleted after several times as long.
 */
export const storingMsMax = 10 * 60_000;
/** Older leftovers belong to a store that has ended, and may be adopted or released. */
export const strandedMsMin = 6 * storingMsMax;

/** Runs after a row is committed. @throws HoldfastError unavailable */
export function assertStoredInTime(startedMs: number, nowMs: number): void {
  if (nowMs - startedMs <= storingMsMax) return;
  throw new HoldfastError("unavailable", "Storing the block took too long. Send it again.", { retryAfterSeconds: 1 });
}
