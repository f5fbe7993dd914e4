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
  #bytesPerSecond: number | undefined;
  /** When all that was taken is paid for. */
  #paidMs = 0;

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#bytesPerSecond = options.bytesPerSecond;
  }

  get isOn(): boolean {
    return this.#bytesPerSecond !== undefined;
  }

  /** From the next bytes on; what waits already waits to its end. @param bytesPerSecond undefined: none */
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
