/** Folders with changed entries and changed files; everything if unknown. */
export type Hint = { readonly paths: readonly string[] } | { readonly overflow: true };

/** Interval of hints during activity; the first one is immediate. */
const hintMs = 50;
/** Above this a full scan is cheaper. */
const pathsMax = 10_000;

export class HintGathering {
  readonly #onHint: (hint: Hint) => void;
  readonly #paths = new Set<string>();
  #overflow = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(onHint: (hint: Hint) => void) {
    this.#onHint = onHint;
  }

  add(path: string): void {
    if (this.#overflow) return;
    this.#paths.add(path);
    if (this.#paths.size > pathsMax) this.addAll();
  }

  addAll(): void {
    this.#overflow = true;
    this.#paths.clear();
  }

  /** Call after the last simultaneous event. */
  flush(): void {
    if (this.#timer !== undefined || (this.#paths.size === 0 && !this.#overflow)) return;
    const hint: Hint = this.#overflow ? { overflow: true } : { paths: [...this.#paths] };
    this.#overflow = false;
    this.#paths.clear();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, hintMs).unref();
    this.#onHint(hint);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#paths.clear();
    this.#overflow = false;
  }
}
