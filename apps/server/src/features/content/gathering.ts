/** Pieces of this size are passed on; for smaller ones, a system call would cost more than a copy. */
const gatheredBytes = 64 * 1024;

/** Joins small pieces by copying, and passes large ones on. A piece is valid only until the next is requested. */
export class Gathering {
  #bytes: Buffer | undefined;
  #end = 0;

  *add(piece: Uint8Array): Generator<Uint8Array, void, undefined> {
    if (this.#end + piece.length > gatheredBytes) yield* this.end();
    if (piece.length >= gatheredBytes / 2) {
      yield* this.end();
      yield piece;
      return;
    }
    this.#bytes ??= Buffer.allocUnsafeSlow(gatheredBytes);
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
  }

  *end(): Generator<Uint8Array, void, undefined> {
    if (this.#bytes === undefined || this.#end === 0) return;
    const gathered = this.#bytes.subarray(0, this.#end);
    // After the yield, the piece has been written and its memory is reused.
    this.#end = 0;
    yield gathered;
  }
}
