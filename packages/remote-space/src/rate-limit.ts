import type { Clock } from "@holdfast/core/clock";

export interface RateLimitOptions {
  readonly clock: Clock;
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  /** undefined: unlimited */
  readonly bytesPerSecond: number | undefined;
}

/** Burst allowed after a pause. */
const burstMs = 250;

/** Each user of the common limit waits until earlier bytes are within the rate. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  #bytesPerSecond: number | undefined;
  /** Time at which all taken bytes are within the rate. */
  #paidMs = 0;

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#bytesPerSecond = options.bytesPerSecond;
  }

  get isOn(): boolean {
    return this.#bytesPerSecond !== undefined;
  }

  /** Applies to later bytes; current waits continue. @param bytesPerSecond undefined: unlimited */
  change(bytesPerSecond: number | undefined): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#paidMs = 0;
  }

  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    const { clock, wait } = this.#options;
    const bytesPerSecond = this.#bytesPerSecond;
    if (bytesPerSecond === undefined) return;
    const nowMs = clock.nowMs();
    this.#paidMs = Math.max(this.#paidMs, nowMs - burstMs) + (bytes / bytesPerSecond) * 1000;
    if (this.#paidMs > nowMs) await wait(this.#paidMs - nowMs, signal);
  }
}
