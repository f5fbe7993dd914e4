import { HoldfastError } from "@holdfast/core/errors";

interface Waiting {
  readonly enter: () => void;
  readonly refuse: (error: HoldfastError) => void;
}

/**
 * Lines take turns, so a caller with many tasks mostly waits for itself. At the limit, the longest line loses its last
 * task to a shorter one.
 */
export class Lanes {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  /** Non-empty lines by name, next turn first. */
  readonly #lines = new Map<string, Waiting[]>();
  #waiting = 0;
  #running = 0;

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  /** @throws HoldfastError unavailable if too many wait */
  async run<Result>(work: () => Promise<Result>, line = ""): Promise<Result> {
    await this.#enter(line);
    try {
      return await work();
    } finally {
      // The next task inherits this lane.
      const next = this.#takeNext();
      if (next === undefined) this.#running -= 1;
      else next.enter();
    }
  }

  async #enter(line: string): Promise<void> {
    if (this.#running < this.#runningMax) {
      this.#running += 1;
      return;
    }
    if (this.#waiting >= this.#waitingMax) this.#makeRoom(line);
    await new Promise<void>((enter, refuse) => {
      const others = this.#lines.get(line);
      if (others === undefined) this.#lines.set(line, [{ enter, refuse }]);
      else others.push({ enter, refuse });
      this.#waiting += 1;
    });
  }

  /** @throws HoldfastError unavailable if no line is longer than the caller's */
  #makeRoom(line: string): void {
    const own = this.#lines.get(line)?.length ?? 0;
    let longest: readonly [string, Waiting[]] | undefined;
    for (const each of this.#lines) if (each[1].length > (longest?.[1].length ?? own + 1)) longest = each;
    const last = longest?.[1].pop();
    if (last === undefined) throw tooMany();
    this.#waiting -= 1;
    last.refuse(tooMany());
  }

  #takeNext(): Waiting | undefined {
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    const [line, waiting] = first;
    const next = waiting.shift();
    this.#lines.delete(line);
    if (waiting.length > 0) this.#lines.set(line, waiting);
    this.#waiting -= 1;
    return next;
  }
}

function tooMany(): HoldfastError {
  return new HoldfastError("unavailable", "Too many people are signing in at the moment. Try again soon.", {
    retryAfterSeconds: 2,
  });
}
