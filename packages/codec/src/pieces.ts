import { limits } from "@holdfast/core/limits";

/** Bytes `start` to `end` of a buffer. The space before `start` holds the rest of the previous piece. */
export interface Piece {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  readonly end: number;
  /** True for the last piece of the stream. */
  readonly final: boolean;
}

/** A shorter stream gets a buffer of its own length. */
const gatheredBytesMax = 256 * 1024;

/**
 * Collects a stream into pieces of `pieceBytes`; the last one is shorter and may be empty. A source's slice may be
 * invalid once the next one is requested. Buffers can be reused. Otherwise a stream of a gigabyte would leave several
 * gigabytes to the garbage collector, which would run after every few pieces and take as much time as everything else.
 */
export class PieceReader {
  readonly #slices: AsyncIterator<Uint8Array>;
  readonly #pieceBytes: number;
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #free: ArrayBuffer[] = [];
  #left: Uint8Array = new Uint8Array(0);
  #ended = false;
  #begun = false;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param onBytes receives every byte once, in order */
  constructor(source: AsyncIterable<Uint8Array>, pieceBytes: number, onBytes: (bytes: Uint8Array) => void = () => {}) {
    this.#slices = source[Symbol.asyncIterator]();
    this.#pieceBytes = pieceBytes;
    this.#onBytes = onBytes;
  }

  /** Only one call at a time. */
  next(): Promise<Piece> {
    const reading = this.#begun ? this.#fill([]) : this.#readFirst();
    this.#begun = true;
    this.#reading = reading;
    return reading;
  }

  /** Returns an unused piece's buffer. */
  giveBack(buffer: ArrayBuffer): void {
    if (buffer.byteLength === limits.blockBytesMax + this.#pieceBytes) this.#free.push(buffer);
  }

  /** Ends the source after a pending `next`. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#reading]);
    if (!this.#ended) await this.#slices.return?.();
    this.#ended = true;
  }

  async #readFirst(): Promise<Piece> {
    const slices: Uint8Array[] = [];
    let sizeBytes = 0;
    while (sizeBytes < Math.min(gatheredBytesMax, this.#pieceBytes) && (await this.#pull())) {
      const slice = Uint8Array.from(this.#take(this.#pieceBytes - sizeBytes));
      slices.push(slice);
      sizeBytes += slice.length;
    }
    if (!this.#ended) return this.#fill(slices);
    const bytes = new Uint8Array(sizeBytes);
    return { buffer: bytes.buffer, start: 0, end: copyInto(bytes, 0, slices), final: true };
  }

  async #fill(first: readonly Uint8Array[]): Promise<Piece> {
    const start = limits.blockBytesMax;
    // Zero filling is unnecessary, because only written bytes are read.
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(start + this.#pieceBytes).buffer;
    const bytes = new Uint8Array(buffer);
    let end = copyInto(bytes, start, first);
    while (end < bytes.length && (await this.#pull())) end = copyInto(bytes, end, [this.#take(bytes.length - end)]);
    return { buffer, start, end, final: this.#ended && this.#left.length === 0 };
  }

  /** @returns false at the end of the stream */
  async #pull(): Promise<boolean> {
    while (this.#left.length === 0 && !this.#ended) {
      const step = await this.#slices.next();
      if (step.done === true) this.#ended = true;
      else this.#left = step.value;
    }
    return this.#left.length > 0;
  }

  #take(bytesMax: number): Uint8Array {
    const slice = this.#left.subarray(0, bytesMax);
    this.#left = this.#left.subarray(slice.length);
    this.#onBytes(slice);
    return slice;
  }
}

/** @param tail less than a maximum block, so that it fits; empty before a short stream */
export function putBefore(piece: Piece, tail: Uint8Array): Piece {
  const start = piece.start - tail.length;
  new Uint8Array(piece.buffer).set(tail, start);
  return { ...piece, start };
}

function copyInto(bytes: Uint8Array, start: number, slices: readonly Uint8Array[]): number {
  let end = start;
  for (const slice of slices) {
    bytes.set(slice, end);
    end += slice.length;
  }
  return end;
}
