import { tagBytes } from "../format/pack-format.ts";
import { slabBlocksMax } from "../format/slab.ts";
import { slabBytes } from "../format/slab-stock.ts";
import type { SlabStock } from "../format/slab-stock.ts";

/**
 * Memory for the payloads of one request: slabs, so that a payload is received where it will be verified and sealed.
 * Each slab is stored in one call, and not written to afterwards.
 */
export class BlockRoom {
  readonly #stock: SlabStock;
  #expectedBytes: number;
  #slab: ArrayBuffer | undefined;
  #end = 0;
  #blocks = 0;
  #closedBytes = 0;

  /** @param expectedBytes of the request. A frame's header is longer than a tag, so this is enough for both */
  constructor(stock: SlabStock, expectedBytes: number | undefined) {
    this.#stock = stock;
    this.#expectedBytes = expectedBytes ?? Infinity;
  }

  /** Bytes in complete slabs since the last `takeClosed`. */
  get closedBytes(): number {
    return this.#closedBytes;
  }

  /** Returns true if more payloads may be placed in this payload's slab. */
  isOpen(payload: Uint8Array): boolean {
    return payload.buffer === this.#slab;
  }

  readonly place = (lengthBytes: number): Uint8Array<ArrayBuffer> => {
    const neededBytes = lengthBytes + tagBytes;
    if (this.#slab === undefined || this.#end + neededBytes > this.#slab.byteLength || this.#blocks >= slabBlocksMax) {
      this.close();
      this.#slab = this.#stock.take(Math.max(neededBytes, Math.min(this.#expectedBytes, slabBytes)));
    }
    const payload = new Uint8Array(this.#slab, this.#end, lengthBytes);
    this.#end += neededBytes;
    this.#blocks += 1;
    this.#expectedBytes = Math.max(0, this.#expectedBytes - neededBytes);
    return payload;
  };

  close(): void {
    this.#closedBytes += this.#end;
    this.#slab = undefined;
    this.#end = 0;
    this.#blocks = 0;
  }

  /** Resets `closedBytes` when the complete slabs are being stored. */
  takeClosed(): void {
    this.#closedBytes = 0;
  }
}
