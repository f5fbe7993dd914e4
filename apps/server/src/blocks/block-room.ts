import { tagBytes } from "./pack-format.ts";
import { slabBlocksMax } from "./slab.ts";
import { slabBytes } from "./slab-stock.ts";
import type { SlabStock } from "./slab-stock.ts";

/**
 * Memory for the payloads of one request as they arrive: slabs, so that a payload is written where it will be verified and
 * sealed. What stands in one slab is stored in one call, and nothing is written into it afterwards.
 */
export class BlockRoom {
  readonly #stock: SlabStock;
  #expectedBytes: number;
  #slab: ArrayBuffer | undefined;
  #end = 0;
  #blocks = 0;
  #closedBytes = 0;

  /** @param expectedBytes of the request; a frame's header is longer than a tag, so it is enough for both */
  constructor(stock: SlabStock, expectedBytes: number | undefined) {
    this.#stock = stock;
    this.#expectedBytes = expectedBytes ?? Infinity;
  }

  /** Bytes in slabs that are complete and were not yet told of by `takeClosed`. */
  get closedBytes(): number {
    return this.#closedBytes;
  }

  /** Whether more payloads may be placed beside this one. */
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

  /** Ends the slab under way. */
  close(): void {
    this.#closedBytes += this.#end;
    this.#slab = undefined;
    this.#end = 0;
    this.#blocks = 0;
  }

  /** What was complete is on its way into the store. */
  takeClosed(): void {
    this.#closedBytes = 0;
  }
}
