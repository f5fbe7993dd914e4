import { HoldfastError } from "@holdfast/core/errors";

/** Limits concurrent work by key, such as the requests of an account. */
export class HeldCounts {
  readonly #max: number;
  readonly #held = new Map<string, Held>();

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns the function that ends the work; extra calls do nothing. @throws HoldfastError rate_limited */
  enter(key: string): () => void {
    const held = this.#of(key);
    if (held.count >= this.#max) {
      throw new HoldfastError("rate_limited", `More than ${this.#max} concurrent requests. Try again in a moment.`, {
        retryAfterSeconds: 1,
      });
    }
    held.count += 1;
    return this.#leaver(key, held);
  }

  /** Waits in order for a place. */
  async enterInTurn(key: string): Promise<() => void> {
    const held = this.#of(key);
    // The work that ends hands its place over, so the count stays.
    if (held.count >= this.#max) await new Promise<void>((start) => held.waiting.push(start));
    else held.count += 1;
    return this.#leaver(key, held);
  }

  #of(key: string): Held {
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const held: Held = { count: 0, waiting: [] };
    this.#held.set(key, held);
    return held;
  }

  #leaver(key: string, held: Held): () => void {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const next = held.waiting.shift();
      if (next !== undefined) return next();
      held.count -= 1;
      if (held.count === 0) this.#held.delete(key);
    };
  }
}

interface Held {
  count: number;
  readonly waiting: (() => void)[];
}
