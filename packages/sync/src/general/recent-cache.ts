/**
 * Cache of recently used values, with at most twice `generationMax` entries in two generations. Dropping entries not
 * used during a whole generation costs less than an exact order of use.
 */
export class RecentCache<Key, Value extends {} | null> {
  #generationMax: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(generationMax: number) {
    this.#generationMax = generationMax;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

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
