import { limits } from "@holdfast/core/limits";
import { freeBytes } from "./freed-bytes.ts";

/** A block of maximum size with the maximum number of tags. */
export const slabBytes = limits.blockBytesMax + 64 * 1024;

/** Idle time after which the memory is freed. */
const idleMs = 5_000;

/** A new slab costs 1,024 page faults and part of a garbage collection, far more than the work on its bytes. */
export class SlabStock {
  readonly #slabsMax: number;
  #free: ArrayBuffer[] = [];
  #usedSinceLook = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(keptBytesMax: number) {
    this.#slabsMax = Math.floor(keptBytesMax / slabBytes);
  }

  /** @returns at least this many bytes, with arbitrary content. Much smaller buffers have the exact size */
  take(sizeBytes: number): ArrayBuffer {
    if (sizeBytes <= slabBytes / 2 || sizeBytes > slabBytes) return Buffer.allocUnsafeSlow(sizeBytes).buffer;
    this.#usedSinceLook = true;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(slabBytes).buffer;
  }

  /**
   * Only for buffers that nothing reads or writes anymore, including threads and system calls that were abandoned.
   * Other sizes are freed.
   */
  giveBack(buffer: ArrayBuffer): void {
    if (buffer.byteLength !== slabBytes) return freeBytes(new Uint8Array(buffer));
    this.#usedSinceLook = true;
    if (this.#free.length < this.#slabsMax) this.#free.push(buffer);
    else buffer.transfer(0);
    this.#timer ??= setInterval(() => this.#look(), idleMs).unref();
  }

  #look(): void {
    if (this.#usedSinceLook) {
      this.#usedSinceLook = false;
      return;
    }
    for (const buffer of this.#free.splice(0)) buffer.transfer(0);
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
