/**
 * What was used last, by key, with bounded memory: at most twice as many as it is told. Two generations take turns, which
 * costs less than an order of use: what was not asked for in a whole generation goes with it.
 */
export class Recent<Key, Value extends {} | null> {
  #generationMax: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(generationMax: number) {
    this.#generationMax = generationMax;
  }

  /** @returns undefined for what is not remembered */
  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** What is too much by then goes at once. */
  resize(generationMax: number): void {
    if (generationMax < this.#generationMax) {
      this.#old = new Map();
      if (this.#young.size >= generationMax) this.#young = new Map();
    }
    this.#generationMax = generationMax;
  }

  clear(): void {
    this.#old = new Map();
    this.#young = new Map();
  }

  set(key: Key, value: Value): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#generationMax) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
