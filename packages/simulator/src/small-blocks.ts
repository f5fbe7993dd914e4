import { sha256 } from "@holdfast/core/hash";
import { contentOfBlocks } from "@holdfast/sync/model/content";
import type { CutBlock } from "@holdfast/sync-ports/ports";
import type { ContentKey } from "@holdfast/sync/model/trees";
import { cutSmallPieces, smallPatches } from "./small-patches.ts";

/** Short blocks, so that a file of a few hundred bytes has several. */
const blockBytes = { min: 8, max: 96 };
/** Average number of positions per block end. */
const oneIn = 24;

/** Splits at content-defined positions like the real chunker, so that an edit shifts no later split. */
export function cutSmall(bytes: Uint8Array): CutBlock[] {
  const blocks: CutBlock[] = [];
  const hasPieces = bytes.length > smallPatches.fileBytesMin;
  for (let start = 0; start < bytes.length;) {
    const end = endOfBlock(bytes, start);
    const piece = bytes.subarray(start, end);
    blocks.push({ hash: sha256(piece), size: piece.length, pieces: hasPieces ? cutSmallPieces(piece) : undefined });
    start = end;
  }
  return blocks;
}

export function contentOf(bytes: Uint8Array): ContentKey {
  return contentOfBlocks(cutSmall(bytes));
}

function endOfBlock(bytes: Uint8Array, start: number): number {
  const last = Math.min(bytes.length, start + blockBytes.max);
  for (let end = start + blockBytes.min; end < last; end += 1) {
    const sum = (bytes[end - 1] ?? 0) * 31 + (bytes[end - 2] ?? 0) * 7 + (bytes[end - 3] ?? 0) * 3;
    if (sum % oneIn === 0) return end;
  }
  return last;
}
