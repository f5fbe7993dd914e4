import type { Readable } from "node:stream";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { passingSlices } from "../blocks/freed-bytes.ts";

export interface BodySourceOptions {
  /** More than this of the body is not taken. */
  readonly bytesMax: number;
  /** What goes before the body: an unfinished tail. */
  readonly before: Uint8Array;
  /** Sees every byte of the body that is taken, once, in order. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/**
 * The body of an upload as one stream that only ever ends: that the client went away, stalled, or sent too much is told
 * beside it, since what came before is kept all the same. A slice may be gone once the next one is asked for.
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

  /** Whether the body had more bytes than were to be taken. */
  get surplus(): boolean {
    return this.#surplus;
  }

  /** Why the body ended before its end. */
  get failure(): HoldfastError | undefined {
    return this.#failure;
  }

  /** Waits for no further byte: what comes of the upload is decided already. */
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
