import { backoffMs } from "@holdfast/core/backoff";
import type { Clock, Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";

export interface RetryOptions {
  readonly clock: Clock;
  /** Resolves after `delayMs`; rejects when the signal aborts. */
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  /** Attempts per call, including the first. */
  readonly attemptsMax: number;
  /** Retry period if a server that has answered before refuses connections, because it may be restarting. */
  readonly patienceMs: number;
}

const backoff = { firstMs: 250, maxMs: 10_000 };
/** Total wait of one call for a busy or rate-limiting server, without the time of sending. */
const busyMsMax = 120_000;

/** Decides on the retries of one call and their delays: full jitter with two limits. */
export class RetryTimer {
  readonly #options: RetryOptions;
  readonly #random: Random;
  readonly #startedMs: number;
  #attempts = 1;
  #waitedMs = 0;

  constructor(options: RetryOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#startedMs = options.clock.nowMs();
  }

  /** @throws the failure if a retry is useless */
  async waitAfter(failure: HoldfastError, answeredBefore: boolean, signal: AbortSignal | undefined): Promise<void> {
    const delayMs = this.#delayMs(failure, answeredBefore);
    if (delayMs === undefined || signal?.aborted === true) throw failure;
    this.#attempts += 1;
    await this.#options.wait(delayMs, signal);
  }

  #delayMs(failure: HoldfastError, answeredBefore: boolean): number | undefined {
    // Missing blocks and a full disk do not resolve within a call.
    if (!failure.retryable || failure.code === "missing_blocks" || failure.code === "store_full") return undefined;
    // Another program or a network's sign-in page would answer the same.
    if (failure.body["network"] === "FOREIGN") return undefined;
    const jitterMs = this.#jitter() * backoffMs(backoff, this.#attempts);
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

  #jitter(): number {
    const [high = 0, low = 0] = this.#random(2);
    return (high * 256 + low) / 65_536;
  }
}
