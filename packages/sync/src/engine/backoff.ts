import type { Random } from "@holdfast/core/clock";

const limitsMs = { first: 500, last: 60_000 };

/** Full jitter: many devices that lost one server do not come back at once. @param failures one after the other so far */
export function backoffMs(random: Random, failures: number): number {
  const [byte = 0] = random(1);
  return Math.min(limitsMs.last, limitsMs.first * 2 ** failures) * ((byte + 1) / 256);
}
