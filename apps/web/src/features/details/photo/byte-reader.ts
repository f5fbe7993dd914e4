/** Reads numbers at any position. Positions outside the bytes give NaN, and every comparison with NaN is false. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #isLittleEndian: boolean;

  constructor(bytes: Uint8Array, isLittleEndian = false) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isLittleEndian = isLittleEndian;
  }

  uint8(at: number): number {
    return this.#has(at, 1) ? this.#view.getUint8(at) : Number.NaN;
  }

  uint16(at: number): number {
    return this.#has(at, 2) ? this.#view.getUint16(at, this.#isLittleEndian) : Number.NaN;
  }

  uint32(at: number): number {
    return this.#has(at, 4) ? this.#view.getUint32(at, this.#isLittleEndian) : Number.NaN;
  }

  int32(at: number): number {
    return this.#has(at, 4) ? this.#view.getInt32(at, this.#isLittleEndian) : Number.NaN;
  }

  /** Big-endian, of any length. No bytes are 0. Inexact above 53 bits. */
  uint(at: number, lengthBytes: number): number {
    let value = 0;
    for (let index = 0; index < lengthBytes; index += 1) value = value * 256 + this.uint8(at + index);
    return value;
  }

  /** One character per byte. Shorter at the end of the bytes. */
  mark(at: number, lengthBytes: number): string {
    return String.fromCharCode(...this.bytes.subarray(at, at + lengthBytes));
  }

  #has(at: number, lengthBytes: number): boolean {
    return at >= 0 && at + lengthBytes <= this.bytes.byteLength;
  }
}
