const windowMs = 10_000;
const sampleMs = 250;
/** Before that a rate is a guess, and a time that is left jumps. */
const knownAfterMs = 3000;

/** Bytes a second over the last ten seconds in which anything was under way. */
export class TransferRate {
  /** Oldest first: when, and how many bytes there were by then. */
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  /** @param bytes all that went so far */
  add(atMs: number, bytes: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && (atMs < last.atMs || bytes < last.bytes)) this.#samples = [];
    if (last === undefined || atMs - last.atMs >= sampleMs) this.#samples.push({ atMs, bytes });
    else this.#samples[this.#samples.length - 1] = { atMs: last.atMs, bytes };
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? 0) >= windowMs) this.#samples.shift();
  }

  /** Nothing is under way: what comes later is measured anew. */
  stop(): void {
    this.#samples = [];
  }

  /** @returns undefined until it is known */
  get bytesPerSecond(): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < knownAfterMs) return undefined;
    return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000;
  }

  /** @returns undefined while it cannot be told */
  secondsLeft(bytesLeft: number): number | undefined {
    const rate = this.bytesPerSecond;
    return rate === undefined || rate <= 0 ? undefined : bytesLeft / rate;
  }
}
