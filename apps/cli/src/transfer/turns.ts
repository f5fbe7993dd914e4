/** Work that goes on beside the caller, so much of it at once and no more. The first failure stops what has not begun. */
export class Turns {
  readonly #atOnce: number;
  #running = new Set<Promise<void>>();
  #failure: { thrown: unknown } | undefined;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Resolves once the work has begun; so a caller that produces faster waits. @throws the failure of earlier work */
  async start(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#atOnce) await Promise.race(this.#running);
    this.#check();
    const turn: Promise<void> = work()
      .catch((thrown: unknown) => {
        this.#failure ??= { thrown };
      })
      .finally(() => this.#running.delete(turn));
    this.#running.add(turn);
  }

  /** Resolves when all has ended. @throws the first failure */
  async finish(): Promise<void> {
    await this.settle();
    this.#check();
  }

  /** The same, whatever failed. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }
}
