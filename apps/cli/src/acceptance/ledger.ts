/** A content that somebody wrote completely. */
interface Written {
  readonly writer: string;
  readonly path: string;
  /** Its own writer has replaced or deleted it. */
  isWithdrawn: boolean;
  /** Another device had it on its disk. */
  isSeen: boolean;
  /** Anybody who had it has replaced or deleted it. */
  isSuperseded: boolean;
}

/**
 * Every content that was completely written, by its hash. A content that its own writer has not replaced or deleted, or that
 * a second device has had, must be found somewhere for ever; one that nobody has replaced or deleted must be live.
 */
export class Ledger {
  readonly #contents = new Map<string, Written>();

  write(hash: string, writer: string, path: string): void {
    this.#contents.set(hash, { writer, path, isWithdrawn: false, isSeen: false, isSuperseded: false });
  }

  /** It stands, or stood, on that device's disk. */
  see(hash: string, device: string): void {
    const written = this.#contents.get(hash);
    if (written !== undefined && written.writer !== device) written.isSeen = true;
  }

  /** Somebody at that device replaced or deleted it, with a device that had it. */
  discard(hash: string, device: string): void {
    this.see(hash, device);
    const written = this.#contents.get(hash);
    if (written === undefined) return;
    written.isSuperseded = true;
    if (written.writer === device) written.isWithdrawn = true;
  }

  /** Somebody replaced or deleted something, and nobody can tell what it was: of all that there is, anything. */
  discardSomething(): void {
    for (const written of this.#contents.values()) written.isSuperseded = true;
  }

  get size(): number {
    return this.#contents.size;
  }

  /** Hashes that must be live. */
  mustLive(): string[] {
    return this.#select(({ isSuperseded }) => !isSuperseded);
  }

  /** Hashes that must be somewhere. */
  mustExist(): string[] {
    return this.#select(({ isWithdrawn, isSeen }) => !isWithdrawn || isSeen);
  }

  tell(hash: string): string {
    const written = this.#contents.get(hash);
    return `${hash.slice(0, 12)} (written by ${written?.writer} to ${JSON.stringify(written?.path)})`;
  }

  #select(is: (written: Written) => boolean): string[] {
    return [...this.#contents].filter(([, written]) => is(written)).map(([hash]) => hash);
  }
}
