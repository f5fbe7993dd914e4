import type { Inode, SimulatedRoot } from "./simulated-root.ts";
import { contentOf } from "./small-blocks.ts";

/** What stands unchanged for so long may be taken for a state; a little less than the engine's rest, for the ticks of clocks. */
const restMicros = 42_000;

/** What the people of a story did: what must not be lost, and what may be shown at all. */
export class Ledger {
  /** Contents that nobody who had seen them replaced or deleted. */
  readonly mustLive = new Set<string>();
  /** Contents that were whole: a file was closed with them, or they stood for a while. */
  readonly states = new Set<string>([emptyContent]);
  /** Every content that ever stood in a file, whole or not. */
  readonly written = new Set<string>();
  /** Contents that are written again and again, by several people. */
  readonly shared = new Set<string>([emptyContent]);
  /** Seen by somebody and replaced or deleted, perhaps before its writer had closed the file. */
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

  /** A person has finished with a file. @param isShared others write the same bytes, so that nobody can tell whose they are */
  close(root: SimulatedRoot, inode: Inode, isShared: boolean): string {
    const key = contentOf(inode.now.bytes);
    root.writers.delete(inode);
    this.states.add(key);
    if (isShared) this.shared.add(key);
    const counts = !isShared && inode.now.bytes.length > 0 && root.linksOf(inode) > 0;
    if (counts && !this.#superseded.has(key)) this.mustLive.add(key);
    return key.slice(0, 12);
  }

  /** Whether a person at that disk ever wrote exactly this. */
  hasWritten(root: SimulatedRoot, content: string): boolean {
    return this.#writtenOn.get(root)?.has(content) === true;
  }

  /** A person takes a name of a file away, or puts another file in its place. */
  discard(root: SimulatedRoot, inode: Inode): void {
    if (inode.kind !== "file") return;
    // What an engine has linked aside is no name that a person gave it.
    const names = inode.wasLinked ? [...root.visible().values()].filter((each) => each === inode) : [];
    if (names.length < 2) this.#leave(inode);
  }

  /** A power cut took a content that nobody else has: whoever wrote it must write it again. */
  lose(content: string): void {
    this.mustLive.delete(content);
    this.#superseded.add(content);
  }

  /** What was gone everywhere is there again, and nobody has touched it since. */
  bringBack(content: string): void {
    if (!this.states.has(content) || this.shared.has(content)) return;
    this.#superseded.delete(content);
    this.mustLive.add(content);
  }

  forget(content: string): void {
    this.written.delete(content);
  }

  /** A power cut left a file like this, and to all others that is as if a person there had. */
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
