import { limits } from "@holdfast/core/limits";

/** Bytes `start` to `end` of a buffer of its own. Before `start` is room for what the piece before left over. */
export interface Piece {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  readonly end: number;
  /** Whether the stream ends with it. */
  readonly final: boolean;
}

/** Gathers a stream into pieces of `pieceBytes`, the last one shorter, maybe empty. One `next` at a time. */
export class PieceReader {
  readonly #slices: AsyncIterator<Uint8Array>;
  readonly #pieceBytes: number;
  readonly #onBytes: (bytes: Uint8Array) => void;
  #roomBytes = 0;
  #left: Uint8Array = new Uint8Array(0);
  #ended = false;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param onBytes sees every byte once, in order */
  constructor(source: AsyncIterable<Uint8Array>, pieceBytes: number, onBytes: (bytes: Uint8Array) => void) {
    this.#slices = source[Symbol.asyncIterator]();
    this.#pieceBytes = pieceBytes;
    this.#onBytes = onBytes;
  }

  async next(): Promise<Piece> {
    const reading = this.#read();
    this.#reading = reading;
    return reading;
  }

  /** Ends the source, once a `next` under way has ended. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#reading]);
    if (!this.#ended) await this.#slices.return?.();
    this.#ended = true;
  }

  /** A short stream gets a buffer of its own length; a whole piece is allocated only once there is enough to fill it. */
  async #read(): Promise<Piece> {
    const first: Uint8Array[] = [];
    let firstBytes = 0;
    while (firstBytes < Math.min(gatheredBytesMax, this.#pieceBytes) && (await this.#fill())) {
      const slice = this.#take(this.#pieceBytes - firstBytes);
      first.push(slice);
      firstBytes += slice.length;
    }
    const start = this.#roomBytes;
    const capacity = this.#ended ? firstBytes : this.#pieceBytes;
    const bytes = new Uint8Array(start + capacity);
    let end = start;
    for (const slice of first) {
      bytes.set(slice, end);
      end += slice.length;
    }
    while (end < start + capacity && (await this.#fill())) {
      const slice = this.#take(start + capacity - end);
      bytes.set(slice, end);
      end += slice.length;
    }
    this.#roomBytes = limits.blockBytesMax;
    return { buffer: bytes.buffer, start, end, final: this.#ended && this.#left.length === 0 };
  }

  /** @returns false at the end of the stream */
  async #fill(): Promise<boolean> {
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

/** @param tail shorter than a block of maximum size, so that it fits into the room */
export function putBefore(piece: Piece, tail: Uint8Array): Piece {
  const start = piece.start - tail.length;
  new Uint8Array(piece.buffer).set(tail, start);
  return { ...piece, start };
}

/** Many files are shorter than this; their slices wait for the end before a buffer is made. */
const gatheredBytesMax = 256 * 1024;
