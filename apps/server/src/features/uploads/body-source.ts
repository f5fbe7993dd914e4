import type { Readable } from "node:stream";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { passingSlices } from "../../packs/format/freed-bytes.ts";

export interface BodySourceOptions {
  readonly bytesMax: number;
  readonly before: Uint8Array;
  /** Receives every byte of the body once, in order. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/**
 * Body of an upload, as a stream that never throws: a disconnect, a stall or too many bytes are reported apart, because
 * earlier bytes are kept. A slice may be freed when the next one is requested.
 */
export class BodySource implements AsyncIterable<Uint8Array> {
  readonly #body: Readable;
  readonly #options: BodySourceOptions;
  #receivedBytes = 0;
  #surplus = false;
  #failure: HoldfastError | undefined;

  constructor(body: Readable, options: BodySourceOptions) {
    this.#body = body;
    this.#options = options;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** The body exceeded `bytesMax`. */
  get surplus(): boolean {
    return this.#surplus;
  }

  get failure(): HoldfastError | undefined {
    return this.#failure;
  }

  /** Stops reading, because the upload has failed. */
  stop(): void {
    this.#body.destroy(new HoldfastError("unavailable", "The upload could not continue."));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const { before, bytesMax, onBytes } = this.#options;
    if (before.length > 0) yield before;
    try {
      for await (const bytes of passingSlices(this.#body)) {
        const taken = bytes.subarray(0, bytesMax - this.#receivedBytes);
        this.#receivedBytes += taken.length;
        onBytes?.(taken);
        if (taken.length > 0) yield taken;
        this.#surplus = taken.length < bytes.length;
        if (this.#surplus) return;
      }
    } catch (error) {
      this.#failure = toHoldfastError(error);
    }
  }
}
