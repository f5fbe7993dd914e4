import { gearV1 } from "./chunker-gear.ts";
import { limits } from "./limits.ts";

/**
 * FastCDC (Xia et al., USENIX ATC 2016) with normalized chunking of level 2: a cut needs 22 zero bits below the average
 * size and 18 above it, so that sizes are close to the average. A cut depends only on the bytes, never on how they
 * arrive. Another version gets another constant. Blocks cut by an older version stay valid, but are found again less
 * often.
 */
export const chunkerV1 = {
  version: 1,
  bytesMin: limits.blockBytesMin,
  bytesAverage: limits.blockBytesAverage,
  bytesMax: limits.blockBytesMax,
  /**
   * Masks of the highest bits. Bit k of a gear hash depends only on the last k + 1 bytes, so the highest bits depend on
   * the most.
   */
  maskBelowAverage: 0xfffffc00 | 0,
  maskAboveAverage: 0xffffc000 | 0,
} as const;

export interface Cut {
  /** Offsets in the buffer; `end` is the first byte after the block. */
  readonly start: number;
  readonly end: number;
}

/**
 * @param start start of the block in `buffer`
 * @param end end of the available bytes
 * @param final the input ends at `end`
 * @returns the end of the block; undefined if more input is needed, or if nothing is left of a final one
 */
export function nextCut(buffer: Uint8Array, start: number, end: number, final: boolean): number | undefined {
  const { bytesMin, bytesAverage, bytesMax, maskBelowAverage, maskAboveAverage } = chunkerV1;
  // Skips the minimum size, as in the paper: the hash starts at 0 after it.
  const hash = new Int32Array(1);
  const from = Math.min(start + bytesMin, end);
  const middle = Math.min(start + bytesAverage, end);
  const to = Math.min(start + bytesMax, end);
  let cut = roll(hash, buffer, from, middle, maskBelowAverage);
  if (cut < 0) cut = roll(hash, buffer, middle, to, maskAboveAverage);
  if (cut >= 0) return cut;
  if (to === start + bytesMax) return to;
  return final && start < end ? end : undefined;
}

/** @returns the blocks that end in `buffer`, and the number of bytes in them: all of them if `final` */
export function cutBlocks(buffer: Uint8Array, final: boolean): { blocks: Cut[]; consumed: number } {
  const blocks: Cut[] = [];
  let consumed = 0;
  for (;;) {
    const end = nextCut(buffer, consumed, buffer.length, final);
    if (end === undefined) return { blocks, consumed };
    blocks.push({ start: consumed, end });
    consumed = end;
  }
}

/**
 * Inner loop, two bytes per iteration, with 32-bit integers only. Reads the gear hash from `state` and stores it there.
 * @returns the offset after the first byte at which the hash has no bit of `mask`, or -1
 */
export function roll(state: Int32Array, buffer: Uint8Array, from: number, to: number, mask: number): number {
  const gear = gearV1;
  let hash = state[0] as number;
  let position = from;
  for (const pairs = to - 1; position < pairs; position += 2) {
    hash = ((hash << 1) + (gear[buffer[position] as number] as number)) | 0;
    if ((hash & mask) === 0) return position + 1;
    hash = ((hash << 1) + (gear[buffer[position + 1] as number] as number)) | 0;
    if ((hash & mask) === 0) return position + 2;
  }
  if (position < to) {
    hash = ((hash << 1) + (gear[buffer[position] as number] as number)) | 0;
    if ((hash & mask) === 0) return to;
  }
  state[0] = hash;
  return -1;
}
