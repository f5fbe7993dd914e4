import { encodePatchFromPieces } from "@holdfast/codec/piece-patch";
import { cutPieces } from "@holdfast/codec/piece-table";

/** How a changed block is told by what it has in common with the one before, whose bytes this disk does not have any more. */
export interface Patches {
  /** Blocks of longer files have a table of their pieces. */
  readonly fileBytesMin: number;
  readonly cutPieces: (block: Uint8Array) => Uint8Array;
  readonly encode: typeof encodePatchFromPieces;
}

export const realPatches: Patches = { fileBytesMin: 64 * 1024, cutPieces, encode: encodePatchFromPieces };
