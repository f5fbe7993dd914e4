import type { HoldfastError } from "@holdfast/core/errors";
import type { ArrivedBlock } from "@holdfast/sync-ports/ports";

export interface RequestMemory {
  /** @returns at least this many bytes, with arbitrary content */
  take(sizeBytes: number): SharedArrayBuffer;
  /**
   * Yields the blocks, or throws the first error. Memory without any of them is reused immediately, other memory when
   * all its blocks are released.
   */
  releasable(blocks: readonly (ArrivedBlock | HoldfastError)[]): Generator<ArrivedBlock, void, undefined>;
}

/**
 * Shared buffers for later requests. A new buffer costs a page fault for each 4 KiB, and V8 ignores its size when it
 * decides to collect garbage: a client that received 1 GiB held 690 MB.
 */
export class ReusedWindows {
  readonly #usualBytes: number;
  readonly #free: SharedArrayBuffer[] = [];

  /** @param usualBytes size of the largest usual request */
  constructor(usualBytes: number) {
    this.#usualBytes = usualBytes;
  }

  ofRequest(): RequestMemory {
    const taken: SharedArrayBuffer[] = [];
    return {
      take: (sizeBytes) => {
        const window = this.#take(sizeBytes);
        taken.push(window);
        return window;
      },
      releasable: (blocks) => this.#releasable(taken, blocks),
    };
  }

  #take(sizeBytes: number): SharedArrayBuffer {
    if (sizeBytes > this.#usualBytes) return new SharedArrayBuffer(sizeBytes);
    return this.#free.pop() ?? new SharedArrayBuffer(this.#usualBytes);
  }

  *#releasable(
    taken: readonly SharedArrayBuffer[],
    blocks: readonly (ArrivedBlock | HoldfastError)[],
  ): Generator<ArrivedBlock, void, undefined> {
    const held = new Map<ArrayBufferLike, number>(taken.map((window) => [window, 0]));
    for (const block of blocks) {
      const count = "bytes" in block ? held.get(block.bytes.buffer) : undefined;
      if ("bytes" in block && count !== undefined) held.set(block.bytes.buffer, count + 1);
    }
    for (const window of taken) if (held.get(window) === 0) this.#giveBack(window);
    for (const block of blocks) {
      if (!("bytes" in block)) throw block;
      const window = taken.find((each) => each === block.bytes.buffer);
      if (window === undefined) yield block;
      else yield { ...block, release: once(() => this.#release(held, window)) };
    }
  }

  #release(held: Map<ArrayBufferLike, number>, window: SharedArrayBuffer): void {
    const left = (held.get(window) ?? 0) - 1;
    held.set(window, left);
    if (left === 0) this.#giveBack(window);
  }

  #giveBack(window: SharedArrayBuffer): void {
    if (window.byteLength === this.#usualBytes) this.#free.push(window);
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
