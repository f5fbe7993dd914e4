const windowMs = 10_000;
const sampleMs = 250;
/** Minimum time, because earlier rates are unreliable and the remaining time would jump. */
const knownAfterMs = 3000;

/** Measures the last ten seconds of activity. */
export class TransferRate {
  /** Totals, oldest first. */
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  /** @param bytes total so far */
  add(atMs: number, bytes: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && (atMs < last.atMs || bytes < last.bytes)) this.#samples = [];
    if (last === undefined || atMs - last.atMs >= sampleMs) this.#samples.push({ atMs, bytes });
    else this.#samples[this.#samples.length - 1] = { atMs: last.atMs, bytes };
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? 0) >= windowMs) this.#samples.shift();
  }

  /** Resets the measurement. */
  stop(): void {
    this.#samples = [];
  }

  /** @returns undefined until measured */
  get bytesPerSecond(): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < knownAfterMs) return undefined;
    return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000;
  }

  /** @returns undefined if unknown */
  secondsLeft(bytesLeft: number): number | undefined {
    const rate = this.bytesPerSecond;
    return rate === undefined || rate <= 0 ? undefined : bytesLeft / rate;
  }
}
