const windowMs = 10_000;

export class Rate {
  #samples: { readonly atMs: number; readonly value: number }[] = [];

  /** @returns growth per second over the last `windowMs`; 0 without enough samples */
  after(atMs: number, value: number): number {
    this.#samples.push({ atMs, value });
    this.#samples = this.#samples.filter((sample) => atMs - sample.atMs <= windowMs);
    const [first] = this.#samples;
    const seconds = first === undefined ? 0 : (atMs - first.atMs) / 1000;
    return first === undefined || seconds <= 0 ? 0 : Math.max(0, (value - first.value) / seconds);
  }
}
