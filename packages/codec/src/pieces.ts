import { limits } from "@holdfast/core/limits";

/** Bytes `start` to `end` of a buffer. Before `start` is room for what the piece before left over. */
export interface Piece {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  readonly end: number;
  /** Whether the stream ends with it. */
  readonly final: boolean;
}

/** A stream shorter than this gets a buffer of its own length; only a longer one is worth a whole piece. */
const gatheredBytesMax = 256 * 1024;

/**
 * Gathers a stream into pieces of `pieceBytes`, the last one shorter, maybe empty; a slice of the source may be gone once the
 * next one is asked for. Their buffers may come back: a stream of a gigabyte would else leave several gigabytes for the
 * garbage collector, which runs after every few pieces then and takes as much time as all the rest.
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

  /** @param onBytes sees every byte once, in order */
  constructor(source: AsyncIterable<Uint8Array>, pieceBytes: number, onBytes: (bytes: Uint8Array) => void = () => {}) {
    this.#slices = source[Symbol.asyncIterator]();
    this.#pieceBytes = pieceBytes;
    this.#onBytes = onBytes;
  }

  /** One at a time. */
  next(): Promise<Piece> {
    const reading = this.#begun ? this.#fill([]) : this.#readFirst();
    this.#begun = true;
    this.#reading = reading;
    return reading;
  }

  /** Takes the buffer of a piece back that nobody looks at any more. */
  giveBack(buffer: ArrayBuffer): void {
    if (buffer.byteLength === limits.blockBytesMax + this.#pieceBytes) this.#free.push(buffer);
  }

  /** Ends the source, once a `next` under way has ended. */
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
    // What is not written is never looked at, so the buffer need not be filled with zeros.
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

/** @param tail less than a block of maximum size, so that it fits into the room; nothing before a short stream */
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
