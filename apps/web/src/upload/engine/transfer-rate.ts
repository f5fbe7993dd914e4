const windowMs = 10_000;
const sampleMs = 250;
/** A first file of five bytes says nothing about a film behind it. */
const knownAfterBytes = 64 * 1024;

/** Measures the last ten seconds of activity. */
export class TransferRate {
  /** Totals, oldest first. */
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];
  #movedBytes = 0;

  /** @param bytes total so far; less than before if a file was cancelled or failed */
  add(atMs: number, bytes: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && atMs < last.atMs) this.#samples = [];
    const lost = (last?.bytes ?? 0) - bytes;
    if (lost > 0) this.#samples = this.#samples.map((each) => ({ ...each, bytes: each.bytes - lost }));
    if (last !== undefined) this.#movedBytes += Math.max(0, -lost);
    if (last === undefined || atMs - last.atMs >= sampleMs) this.#samples.push({ atMs, bytes });
    else this.#samples[this.#samples.length - 1] = { atMs: last.atMs, bytes };
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? 0) >= windowMs) this.#samples.shift();
  }

  /** Resets the measurement. */
  stop(): void {
    this.#samples = [];
    this.#movedBytes = 0;
  }

  /** @returns undefined until some bytes were stored */
  get bytesPerSecond(): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs === first.atMs) return undefined;
    if (this.#movedBytes < knownAfterBytes) return undefined;
    return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000;
  }

  /** @returns undefined if unknown */
  secondsLeft(bytesLeft: number): number | undefined {
    const rate = this.bytesPerSecond;
    return rate === undefined || rate <= 0 ? undefined : bytesLeft / rate;
  }
}
