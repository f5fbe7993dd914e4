import { backoffMs } from "@holdfast/core/backoff";
import type { Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";

const limitsMs = { first: 1000, soon: 4000, last: 60_000 };
/** Waits stay within `soon` during the first minute, and within `last` after a quarter of an hour. */
const shareOfAway = 15;

/**
 * Waits between failed attempts. An unreachable server has usually just restarted, and probing it is cheap, so its
 * waits grow with the time it is away. All other waits double.
 */
export class ServerBackoff {
  #failures = 0;
  #sinceMs: number | undefined;
  #isAway = false;

  note(failure: HoldfastError, nowMs: number): void {
    this.#failures += 1;
    this.#sinceMs ??= nowMs;
    this.#isAway = failure.code === "unreachable" || failure.code === "unavailable";
  }

  forget(): void {
    this.#failures = 0;
    this.#sinceMs = undefined;
  }

  /** Full jitter, so that many devices do not reconnect at the same time. */
  delayMs(random: Random, nowMs: number): number {
    const [byte = 0] = random(1);
    const awayMs = Math.max(0, nowMs - (this.#sinceMs ?? nowMs));
    const most = this.#isAway ? Math.max(limitsMs.soon, awayMs / shareOfAway) : limitsMs.last;
    return (
      backoffMs({ firstMs: limitsMs.first, maxMs: Math.min(limitsMs.last, most) }, this.#failures) * ((byte + 1) / 256)
    );
  }
}
