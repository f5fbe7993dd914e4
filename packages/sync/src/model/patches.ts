import { encodePatchFromPieces } from "@holdfast/codec/piece-patch";
import { cutPieces } from "@holdfast/codec/piece-table";

/** Encodes a changed block against the previous one, whose bytes are no longer on the disk. */
export interface Patches {
  /** From this size, blocks have a table of pieces. */
  readonly fileBytesMin: number;
  readonly cutPieces: (block: Uint8Array) => Uint8Array;
  readonly encode: typeof encodePatchFromPieces;
}

export const realPatches: Patches = { fileBytesMin: 64 * 1024, cutPieces, encode: encodePatchFromPieces };
