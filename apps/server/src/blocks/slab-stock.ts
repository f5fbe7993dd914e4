import { limits } from "@holdfast/core/limits";
import { freeBytes } from "./freed-bytes.ts";

/** Of a slab that is used again: a block of maximum size and the tags of as many records as a slab has at most. */
export const slabBytes = limits.blockBytesMax + 64 * 1024;

/** Silence after which the memory is given back. */
const idleMs = 5_000;

/**
 * Slabs that are used again and again: a new one costs the system 1,024 page faults and the garbage collector a part of
 * a run over the whole heap, together far more than what is done with its bytes. Given back when nobody needs them.
 */
export class SlabStock {
  readonly #slabsMax: number;
  #free: ArrayBuffer[] = [];
  #usedSinceLook = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param keptBytesMax what is kept at most of what is not in use */
  constructor(keptBytesMax: number) {
    this.#slabsMax = Math.floor(keptBytesMax / slabBytes);
  }

  /** @returns at least so many bytes, which hold whatever they held. Much smaller ones are made to measure. */
  take(sizeBytes: number): ArrayBuffer {
    if (sizeBytes <= slabBytes / 2 || sizeBytes > slabBytes) return Buffer.allocUnsafeSlow(sizeBytes).buffer;
    this.#usedSinceLook = true;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(slabBytes).buffer;
  }

  /**
   * Only what nobody reads or writes any more, a thread or the system in a call that was given up included. What is no slab is
   * freed.
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
