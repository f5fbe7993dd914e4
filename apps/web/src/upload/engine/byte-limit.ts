/** A request is sent as a whole, and the following ones wait. */
export class ByteLimit {
  readonly #nowMs: () => number;
  readonly #wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
  #bytesPerSecond: number | undefined;
  #freeAtMs = 0;

  constructor(nowMs: () => number, wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>) {
    this.#nowMs = nowMs;
    this.#wait = wait;
  }

  get bytesPerSecond(): number | undefined {
    return this.#bytesPerSecond;
  }

  set bytesPerSecond(limit: number | undefined) {
    this.#bytesPerSecond = limit;
    this.#freeAtMs = 0;
  }

  /** Maximum size, so that the limit holds within a few seconds. */
  requestBytes(bytesMax: number): number {
    return this.#bytesPerSecond === undefined ? bytesMax : Math.min(bytesMax, 2 * this.#bytesPerSecond);
  }

  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerSecond === undefined) return;
    const startMs = Math.max(this.#nowMs(), this.#freeAtMs);
    this.#freeAtMs = startMs + (bytes / this.#bytesPerSecond) * 1000;
    const delayMs = startMs - this.#nowMs();
    if (delayMs > 0) await this.#wait(delayMs, signal);
  }
}
