import { crc32 } from "node:zlib";
import { readPieces } from "@holdfast/codec/piece-table";
import type { Patches } from "@holdfast/sync/model/patches";

const pieceBytes = { min: 4, max: 16 };

/** Pieces of a few bytes, and patches that state for each if it is in the base, like zstd for long blocks. */
export const smallPatches: Patches = {
  fileBytesMin: 200,
  cutPieces: cutSmallPieces,
  encode({ basePieces, next }) {
    const base = new Map(readPieces(basePieces).map((piece) => [`${piece.crc} ${piece.length}`, piece.offset]));
    const parts = readPieces(cutSmallPieces(next)).map(({ crc, offset, length }) => {
      const from = base.get(`${crc} ${length}`);
      return from === undefined ? Buffer.from(next.subarray(offset, offset + length)).toString("hex") : [from, length];
    });
    return Buffer.from(JSON.stringify(parts));
  },
};

export function decodeSmallPatch(base: Uint8Array, payload: Uint8Array): Uint8Array {
  const parts = JSON.parse(Buffer.from(payload).toString()) as (string | [number, number])[];
  return Buffer.concat(
    parts.map((part) =>
      typeof part === "string" ? Buffer.from(part, "hex") : base.subarray(part[0], part[0] + part[1]),
    ),
  );
}

export function cutSmallPieces(bytes: Uint8Array): Uint8Array {
  const entries: number[] = [];
  for (let start = 0; start < bytes.length;) {
    const last = Math.min(bytes.length, start + pieceBytes.max);
    let end = Math.min(last, start + pieceBytes.min);
    while (end < last && (bytes[end - 1] ?? 0) % 5 !== 0) end += 1;
    entries.push(crc32(bytes.subarray(start, end)), end - start);
    start = end;
  }
  const table = new DataView(new ArrayBuffer(entries.length * 4));
  for (const [index, entry] of entries.entries()) table.setUint32(index * 4, entry, true);
  return new Uint8Array(table.buffer);
}
