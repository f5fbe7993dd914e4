/** A piece of this length goes out as it is; one system call for each smaller one would cost more than its copy. */
const gatheredBytes = 64 * 1024;

/** Makes few pieces of many: copies small ones together and lets large ones pass. A piece is done with once the next is asked for. */
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

  /** What is still here. */
  *end(): Generator<Uint8Array, void, undefined> {
    if (this.#bytes === undefined || this.#end === 0) return;
    const gathered = this.#bytes.subarray(0, this.#end);
    // Behind the yield it has been written out, and the memory is filled anew.
    this.#end = 0;
    yield gathered;
  }
}
