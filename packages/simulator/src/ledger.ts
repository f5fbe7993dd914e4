import type { Inode, SimulatedRoot } from "./simulated-root.ts";
import { contentOf } from "./small-blocks.ts";

/** Time after which unchanged content may count as a state; slightly less than the engine's, because of clock ticks. */
const restMicros = 42_000;

/** Acts of the people in a story: contents that must not be lost, and contents that may be visible at all. */
export class Ledger {
  /** Contents not replaced or deleted by anybody who had seen them. */
  readonly mustLive = new Set<string>();
  /** Complete contents: a file was closed with them, or they stayed for a while. */
  readonly states = new Set<string>([emptyContent]);
  /** Every content that was ever in a file, complete or not. */
  readonly written = new Set<string>();
  /** Contents written repeatedly by several people. */
  readonly shared = new Set<string>([emptyContent]);
  /** Seen and replaced or deleted, perhaps before its writer had closed the file. */
  readonly #superseded = new Set<string>();
  readonly #writtenOn = new Map<SimulatedRoot, Set<string>>();
  readonly #nowMicros: () => number;

  constructor(nowMicros: () => number) {
    this.#nowMicros = nowMicros;
  }

  write(root: SimulatedRoot, inode: Inode, bytes: Uint8Array): void {
    this.#leave(inode);
    root.writers.add(inode);
    root.write(inode, { bytes }, true);
    this.#noteWritten(root, contentOf(bytes));
  }

  /** Closes a file. @param isShared others write the same bytes, so their author is ambiguous */
  close(root: SimulatedRoot, inode: Inode, isShared: boolean): string {
    const key = contentOf(inode.now.bytes);
    root.writers.delete(inode);
    this.states.add(key);
    if (isShared) this.shared.add(key);
    const counts = !isShared && inode.now.bytes.length > 0 && root.linksOf(inode) > 0;
    if (counts && !this.#superseded.has(key)) this.mustLive.add(key);
    return key.slice(0, 12);
  }

  /** Returns true if a person at that disk ever wrote exactly this. */
  hasWritten(root: SimulatedRoot, content: string): boolean {
    return this.#writtenOn.get(root)?.has(content) === true;
  }

  discard(root: SimulatedRoot, inode: Inode): void {
    if (inode.kind !== "file") return;
    // A link by the engine is not a person's name.
    const names = inode.wasLinked ? [...root.visible().values()].filter((each) => each === inode) : [];
    if (names.length < 2) this.#leave(inode);
  }

  /** Records that a power failure destroyed the only copy; its author must write it again. */
  lose(content: string): void {
    this.mustLive.delete(content);
    this.#superseded.add(content);
  }

  /** Records that vanished content has returned untouched. */
  bringBack(content: string): void {
    if (!this.states.has(content) || this.shared.has(content)) return;
    this.#superseded.delete(content);
    this.mustLive.add(content);
  }

  forget(content: string): void {
    this.written.delete(content);
  }

  /** Records content left by a power failure, which counts as a person's. */
  find(root: SimulatedRoot, content: string): void {
    this.states.add(content);
    if (!this.written.has(content)) this.#noteWritten(root, content);
  }

  #noteWritten(root: SimulatedRoot, content: string): void {
    this.written.add(content);
    this.#writtenOn.set(root, (this.#writtenOn.get(root) ?? new Set()).add(content));
  }

  #leave(inode: Inode): void {
    const key = contentOf(inode.now.bytes);
    if (this.#nowMicros() - inode.changedAtMicros >= restMicros) this.states.add(key);
    this.mustLive.delete(key);
    this.#superseded.add(key);
  }
}

const emptyContent: string = contentOf(new Uint8Array());
