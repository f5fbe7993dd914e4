import { crc32 } from "node:zlib";
import { roll } from "@holdfast/core/chunker";
import { HoldfastError } from "@holdfast/core/errors";

/**
 * Pieces of a block: content-defined like blocks (same gear hash, other masks), about 16 KiB each, so an edit changes
 * few of them. A client stores them instead of the block's bytes. They are never transferred. Another version of this
 * file may split differently, which only makes patches larger.
 */
export const pieceSizes = { bytesMin: 4 * 1024, bytesAverage: 16 * 1024, bytesMax: 64 * 1024 } as const;

/** A split requires 16 zero bits below the average and 12 above: pieces of random bytes have 17 KiB on average. */
const maskBelowAverage = 0xffff0000 | 0;
const maskAboveAverage = 0xfff00000 | 0;

export interface Piece {
  /** zlib's CRC-32. */
  readonly crc: number;
  readonly offset: number;
  readonly length: number;
}

const entryBytes = 8;

/** @returns CRC-32 and length of each piece of `bytes` in order, each u32 little-endian */
export function cutPieces(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const table = new DataView(new ArrayBuffer(Math.ceil(bytes.length / pieceSizes.bytesMin) * entryBytes));
  let tableBytes = 0;
  for (let start = 0; start < bytes.length; tableBytes += entryBytes) {
    const end = pieceEnd(bytes, start);
    table.setUint32(tableBytes, crc32(bytes.subarray(start, end)), true);
    table.setUint32(tableBytes + 4, end - start, true);
    start = end;
  }
  return new Uint8Array(table.buffer.slice(0, tableBytes));
}

/** @throws HoldfastError internal for an invalid table */
export function readPieces(table: Uint8Array): Piece[] {
  if (table.length % entryBytes !== 0) throw new HoldfastError("internal", "A table of pieces is cut short.");
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const pieces: Piece[] = [];
  let offset = 0;
  for (let at = 0; at < table.length; at += entryBytes) {
    const length = view.getUint32(at + 4, true);
    pieces.push({ crc: view.getUint32(at, true), offset, length });
    offset += length;
  }
  return pieces;
}

const gearState = new Int32Array(1);

function pieceEnd(bytes: Uint8Array, start: number): number {
  const { bytesMin, bytesAverage, bytesMax } = pieceSizes;
  const end = Math.min(start + bytesMax, bytes.length);
  const middle = Math.min(start + bytesAverage, end);
  gearState[0] = 0;
  let cut = roll(gearState, bytes, Math.min(start + bytesMin, end), middle, maskBelowAverage);
  if (cut < 0) cut = roll(gearState, bytes, middle, end, maskAboveAverage);
  return cut < 0 ? end : cut;
}
