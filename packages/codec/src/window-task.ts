import { readSync } from "node:fs";
import type { Cut } from "@holdfast/core/chunker";
import { encodeCuts, findCutsIn } from "./cut-task.ts";
import type { CutBlock } from "./cut-task.ts";
import { cutPieces } from "./piece-table.ts";
import { isZeroBlock, zeroBlock } from "./zero-block.ts";

export interface CutWindowInput {
  readonly window: SharedArrayBuffer;
  /** File open in this process; descriptors are valid in all threads. */
  readonly descriptor: number;
  /** Position of a block's start in the file. */
  readonly position: number;
}

export type CutWindow =
  | {
      readonly ok: true;
      readonly cuts: Cut[];
      /** Bytes covered by the splits; the next window starts after them. */
      readonly consumed: number;
      /** True if the file ends in this window. */
      readonly final: boolean;
    }
  | { readonly ok: false; readonly errno: string };

/** Fills the window from the file and finds the complete blocks in it. Blocks the thread. */
export function cutWindow({ window, descriptor, position }: CutWindowInput): CutWindow {
  const bytes = new Uint8Array(window);
  let filled = 0;
  try {
    while (filled < bytes.length) {
      const count = readSync(descriptor, bytes, filled, bytes.length - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
  } catch (thrown) {
    const errno: unknown = thrown instanceof Error ? Reflect.get(thrown, "code") : undefined;
    if (typeof errno !== "string") throw thrown;
    return { ok: false, errno };
  }
  const final = filled < bytes.length;
  return { ok: true, ...findCutsIn(bytes, 0, filled, final), final };
}

export interface EncodeWindowInput {
  readonly window: SharedArrayBuffer;
  readonly cuts: readonly Cut[];
  readonly compress: boolean;
  /** Requests piece tables. */
  readonly pieces?: boolean;
}

export type EncodedBlock = CutBlock & { readonly pieces: Uint8Array | undefined };

/** Hashes and compresses a window's blocks in place. */
export function encodeWindow({ window, cuts, compress, pieces = false }: EncodeWindowInput): EncodedBlock[] {
  const bytes = new Uint8Array(window);
  return cuts.flatMap((cut): EncodedBlock[] => {
    const { start, end } = cut;
    const plain = bytes.subarray(start, end);
    if (!compress && isZeroBlock(plain)) {
      const { hash, pieces: table } = zeroBlock();
      return [{ start, end, hash, codec: "raw", length: plain.length, pieces: pieces ? table : undefined }];
    }
    // Computed before the compressed bytes replace the plain ones.
    const table = pieces ? cutPieces(plain) : undefined;
    return encodeCuts(bytes, [cut], compress).map((block) => Object.assign(block, { pieces: table }));
  });
}
