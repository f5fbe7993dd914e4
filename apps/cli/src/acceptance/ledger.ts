interface Written {
  readonly writer: string;
  readonly path: string;
  /** Replaced or deleted by its writer. */
  isWithdrawn: boolean;
  /** Present on the disk of another device. */
  isSeen: boolean;
  isSuperseded: boolean;
}

/**
 * All completely written contents by hash. A content must exist forever if its writer has not replaced or deleted it,
 * or if a second device had it. A content that nobody replaced or deleted must be live.
 */
export class Ledger {
  readonly #contents = new Map<string, Written>();

  write(hash: string, writer: string, path: string): void {
    this.#contents.set(hash, { writer, path, isWithdrawn: false, isSeen: false, isSuperseded: false });
  }

  see(hash: string, device: string): void {
    const written = this.#contents.get(hash);
    if (written !== undefined && written.writer !== device) written.isSeen = true;
  }

  discard(hash: string, device: string): void {
    this.see(hash, device);
    const written = this.#contents.get(hash);
    if (written === undefined) return;
    written.isSuperseded = true;
    if (written.writer === device) written.isWithdrawn = true;
  }

  /** Records that an unknown content was replaced or deleted. It may be any of them. */
  discardSomething(): void {
    for (const written of this.#contents.values()) written.isSuperseded = true;
  }

  get size(): number {
    return this.#contents.size;
  }

  mustLive(): string[] {
    return this.#select(({ isSuperseded }) => !isSuperseded);
  }

  mustExist(): string[] {
    return this.#select(({ isWithdrawn, isSeen }) => !isWithdrawn || isSeen);
  }

  describe(hash: string): string {
    const written = this.#contents.get(hash);
    return `${hash.slice(0, 12)} (written by ${written?.writer} to ${JSON.stringify(written?.path)})`;
  }

  #select(is: (written: Written) => boolean): string[] {
    return [...this.#contents].filter(([, written]) => is(written)).map(([hash]) => hash);
  }
}
