import type { Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";

const limitsMs = { first: 500, soon: 4000, last: 60_000 };
/** A server is looked for within `soon` for a minute, and within `last` once it has been away for a quarter of an hour. */
const shareOfAway = 15;

/**
 * How long to wait after a failure, and after those before it. A server that is away has mostly just started anew, and what is asked of it
 * costs next to nothing, so its waits grow by how long it is away and not by how often it was tried; all others double.
 */
export class Backoff {
  #failures = 0;
  #sinceMs: number | undefined;
  #isAway = false;

  note(failure: HoldfastError, nowMs: number): void {
    this.#failures += 1;
    this.#sinceMs ??= nowMs;
    this.#isAway = failure.code === "unreachable" || failure.code === "unavailable";
  }

  /** Something has worked. */
  forget(): void {
    this.#failures = 0;
    this.#sinceMs = undefined;
  }

  /** Full jitter: many devices that lost one server do not come back at once. */
  delayMs(random: Random, nowMs: number): number {
    const [byte = 0] = random(1);
    const awayMs = Math.max(0, nowMs - (this.#sinceMs ?? nowMs));
    const most = this.#isAway ? Math.max(limitsMs.soon, awayMs / shareOfAway) : limitsMs.last;
    return Math.min(limitsMs.last, most, limitsMs.first * 2 ** this.#failures) * ((byte + 1) / 256);
  }
}
