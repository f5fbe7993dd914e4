/** Delays between attempts, in milliseconds. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Doubles with each failure, up to the maximum.
 * @param failures number in a row, including the latest
 */
export function backoffMs({ firstMs, maxMs }: BackoffLimits, failures: number): number {
  return Math.min(maxMs, firstMs * 2 ** (failures - 1));
}

/**
 * Shortens a delay by up to half ("equal jitter", AWS Architecture Blog, 2015), so that many callers do not retry at once.
 * @param random 0 to 1
 */
export function withEqualJitter(delayMs: number, random: number): number {
  return (delayMs * (1 + random)) / 2;
}
