import type { Clock } from "@holdfast/core/clock";

export interface RateLimitOptions {
  readonly clock: Clock;
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  /** Undefined: none. */
  readonly bytesPerSecond: number | undefined;
}

/** What may pass at once after a rest. */
const burstMs = 250;

/** One rate for all that shares it: whoever takes bytes is told to wait until those before it have been paid for. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  /** When all that was taken is paid for. */
  #paidMs = 0;

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#options.bytesPerSecond !== undefined;
  }

  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    const { clock, wait, bytesPerSecond } = this.#options;
    if (bytesPerSecond === undefined) return;
    const nowMs = clock.nowMs();
    this.#paidMs = Math.max(this.#paidMs, nowMs - burstMs) + (bytes / bytesPerSecond) * 1000;
    if (this.#paidMs > nowMs) await wait(this.#paidMs - nowMs, signal);
  }
}
