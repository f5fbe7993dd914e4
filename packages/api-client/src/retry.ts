import type { Clock, Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";

export interface RetryOptions {
  readonly clock: Clock;
  /** Resolves after that many milliseconds, rejects when the signal aborts. */
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  /** Of one call, the first one included. */
  readonly attemptsMax: number;
  /** How long one call goes on when the server, which has answered before, does not take connections: it may be starting again. */
  readonly patienceMs: number;
}

const delayMsFirst = 250;
const delayMsMax = 10_000;
/** How long one call waits in all for a server that is busy, or asks for fewer calls; what it sends meanwhile does not count. */
const busyMsMax = 120_000;

/** Decides after each failure of one call whether and when the next attempt comes: full jitter, bounded twice. */
export class RetryTimer {
  readonly #options: RetryOptions;
  readonly #random: Random;
  readonly #startedMs: number;
  #attempts = 1;
  /** For a server that is busy. */
  #waitedMs = 0;

  constructor(options: RetryOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#startedMs = options.clock.nowMs();
  }

  /** Returns when it is time for the next attempt. @throws the failure itself when it is not worth one */
  async waitAfter(failure: HoldfastError, answeredBefore: boolean, signal: AbortSignal | undefined): Promise<void> {
    const delayMs = this.#delayMs(failure, answeredBefore);
    if (delayMs === undefined || signal?.aborted === true) throw failure;
    this.#attempts += 1;
    await this.#options.wait(delayMs, signal);
  }

  #delayMs(failure: HoldfastError, answeredBefore: boolean): number | undefined {
    // What is missing, or room on a full disk, does not come by itself within a call.
    if (!failure.retryable || failure.code === "missing_blocks" || failure.code === "store_full") return undefined;
    // Another program, or the sign-in page of a network, answers the same again.
    if (failure.body["network"] === "FOREIGN") return undefined;
    const jitterMs = this.#jitter() * Math.min(delayMsMax, delayMsFirst * 2 ** (this.#attempts - 1));
    if (failure.code === "unreachable") {
      const leftMs = this.#options.patienceMs - (this.#options.clock.nowMs() - this.#startedMs);
      return answeredBefore && leftMs > 0 ? Math.min(jitterMs, leftMs) : undefined;
    }
    if (this.#attempts >= this.#options.attemptsMax) return undefined;
    const askedMs = (failure.retryAfterSeconds ?? 0) * 1000;
    if (this.#waitedMs + askedMs > busyMsMax) return undefined;
    this.#waitedMs += askedMs + jitterMs;
    return askedMs + jitterMs;
  }

  /** 0 up to 1. */
  #jitter(): number {
    const [high = 0, low = 0] = this.#random(2);
    return (high * 256 + low) / 65_536;
  }
}
