/** Limits bytes in flight in all calls of the process. Later calls wait in order. */
export class ByteBudget {
  readonly #totalBytes: number;
  #freeBytes: number;
  readonly #waiting: { readonly sizeBytes: number; readonly start: () => void }[] = [];

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
    this.#freeBytes = totalBytes;
  }

  /** Work larger than the whole budget runs alone. */
  async spend<Result>(wantedBytes: number, work: () => Promise<Result>): Promise<Result> {
    const release = await this.take(wantedBytes);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** @returns a function that releases the bytes; further calls do nothing */
  async take(wantedBytes: number): Promise<() => void> {
    let sizeBytes = Math.min(wantedBytes, this.#totalBytes);
    await new Promise<void>((start) => {
      this.#waiting.push({ sizeBytes, start });
      this.#startWaiting();
    });
    return () => {
      this.#freeBytes += sizeBytes;
      sizeBytes = 0;
      this.#startWaiting();
    };
  }

  #startWaiting(): void {
    for (
      let first = this.#waiting[0];
      first !== undefined && first.sizeBytes <= this.#freeBytes;
      first = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#freeBytes -= first.sizeBytes;
      first.start();
    }
  }
}
