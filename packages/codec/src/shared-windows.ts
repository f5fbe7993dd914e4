/**
 * Shared buffers for threads. A transferred buffer is a new one for V8 each time, and all those bytes count as garbage:
 * a put of 1 GiB spent more time on collections than on its work.
 */
export class SharedWindows {
  readonly windowBytes: number;
  readonly #countMax: number;
  readonly #free: SharedArrayBuffer[] = [];
  readonly #waiting: ((window: SharedArrayBuffer) => void)[] = [];
  #count = 0;

  /** @param countMax maximum number; created on demand */
  constructor(windowBytes: number, countMax: number) {
    this.windowBytes = windowBytes;
    this.#countMax = countMax;
  }

  /** Returns undefined if all are in use. */
  takeFree(): SharedArrayBuffer | undefined {
    const free = this.#free.pop();
    if (free !== undefined || this.#count >= this.#countMax) return free;
    this.#count += 1;
    return new SharedArrayBuffer(this.windowBytes);
  }

  /** The caller must not hold windows that it returns only afterwards. */
  async take(): Promise<SharedArrayBuffer> {
    return this.takeFree() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Replaces `giveBack` if something may still read the window: it is not reused, and another one may be created. */
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
