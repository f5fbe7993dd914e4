/**
 * Buffers that threads share, used again and again. A buffer that moves between threads is a new one for V8 at each
 * crossing, and all those bytes count as garbage: a put of 1 GiB spent more time on collections than on its work.
 */
export class SharedWindows {
  readonly windowBytes: number;
  readonly #countMax: number;
  readonly #free: SharedArrayBuffer[] = [];
  readonly #waiting: ((window: SharedArrayBuffer) => void)[] = [];
  #count = 0;

  /** @param countMax so many exist at once, and are made when they are first needed */
  constructor(windowBytes: number, countMax: number) {
    this.windowBytes = windowBytes;
    this.#countMax = countMax;
  }

  /** Undefined when all are taken. */
  takeFree(): SharedArrayBuffer | undefined {
    const free = this.#free.pop();
    if (free !== undefined || this.#count >= this.#countMax) return free;
    this.#count += 1;
    return new SharedArrayBuffer(this.windowBytes);
  }

  /** Whoever waits here must hold none that it gives back only afterwards. */
  async take(): Promise<SharedArrayBuffer> {
    return this.takeFree() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Instead of `giveBack`, where something may still read it: it is used no more, and another one may be made. */
  abandon(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#count -= 1;
    else next(new SharedArrayBuffer(this.windowBytes));
  }

  giveBack(window: SharedArrayBuffer): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(window);
    else next(window);
  }
}
