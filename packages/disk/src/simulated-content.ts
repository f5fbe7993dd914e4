export const pageBytes = 4096;

/** Each unsynced page keeps its durable version, so that a crash can restore any subset. */
export class SimulatedContent {
  #bytes = new Uint8Array(0);
  #sizeBytes = 0;
  #durableSizeBytes = 0;
  /** Page number -> durable version; undefined if the durable file lacks the page. */
  readonly #unsynced = new Map<number, Uint8Array | undefined>();
  /** Pages with a failed sync: the kernel considers them clean, and no later sync writes them. */
  readonly #abandoned = new Map<number, Uint8Array | undefined>();

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get pages(): number {
    return Math.ceil(this.#sizeBytes / pageBytes);
  }

  read(start: number, end: number): Uint8Array {
    return this.#bytes.slice(Math.min(start, this.#sizeBytes), Math.min(end, this.#sizeBytes));
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    this.#reserve(end);
    // A write beyond the end creates a hole, whose pages become zeros.
    for (let page = this.#firstChanged(position); page * pageBytes < end; page += 1) this.#remember(page);
    this.#bytes.set(bytes, position);
    this.#sizeBytes = Math.max(this.#sizeBytes, end);
  }

  sync(): void {
    this.#unsynced.clear();
    this.#durableSizeBytes = this.#sizeBytes;
  }

  failSync(): void {
    for (const [page, before] of this.#unsynced) this.#abandoned.set(page, before);
    this.#unsynced.clear();
  }

  /** Simulates a power failure. A random number under 0.5 keeps unsynced data. */
  crash(random: () => number): void {
    for (const [page, before] of [...this.#unsynced, ...this.#abandoned]) {
      if (random() < 0.5) continue;
      const start = page * pageBytes;
      this.#bytes.fill(0, start, start + pageBytes);
      if (before !== undefined) this.#bytes.set(before, start);
    }
    this.#sizeBytes = this.#sizeAfterCrash(random);
    this.#bytes.fill(0, this.#sizeBytes);
    this.#abandoned.clear();
    this.sync();
  }

  #sizeAfterCrash(random: () => number): number {
    const grownBytes = this.#sizeBytes - this.#durableSizeBytes;
    if (grownBytes === 0 || random() < 0.5) return this.#sizeBytes;
    if (random() >= 0.5) return this.#durableSizeBytes;
    const cut = this.#durableSizeBytes + Math.floor(random() * grownBytes);
    return Math.max(this.#durableSizeBytes, cut - (cut % pageBytes));
  }

  #firstChanged(position: number): number {
    return Math.floor(Math.min(position, this.#sizeBytes) / pageBytes);
  }

  #remember(page: number): void {
    if (this.#unsynced.has(page)) return;
    const start = page * pageBytes;
    const fresh = start < this.#durableSizeBytes ? this.#bytes.slice(start, start + pageBytes) : undefined;
    this.#unsynced.set(page, this.#abandoned.has(page) ? this.#abandoned.get(page) : fresh);
    this.#abandoned.delete(page);
  }

  #reserve(end: number): void {
    if (end <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.ceil(Math.max(end, this.#bytes.length * 2) / pageBytes) * pageBytes);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
