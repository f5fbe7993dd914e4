import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { verifyFrame } from "./codec.ts";
import { cutPieces } from "./piece-table.ts";
import { ownBytes } from "./task.ts";

/** Block as transferred, with its payload in a window from `start` to `end`. */
export interface PlacedFrame {
  readonly kind: "raw" | "zstd" | "patch";
  readonly hash: HashHex;
  /** Plain bytes. */
  readonly size: number;
  readonly start: number;
  readonly end: number;
  /** Plain bytes of a patch's base. */
  readonly base?: Uint8Array;
  /** Requests a piece table. */
  readonly pieces: boolean;
}

export interface OpenWindowInput {
  readonly window: SharedArrayBuffer;
  readonly frames: readonly PlacedFrame[];
}

export interface OpenedFrame {
  /** undefined: the bytes in the window */
  readonly plain: Uint8Array<ArrayBuffer> | undefined;
  readonly pieces: Uint8Array | undefined;
}

/** Verifies blocks in place. @returns results in order; undefined for a block with another hash */
export function openWindow({ window, frames }: OpenWindowInput): (OpenedFrame | undefined)[] {
  return frames.map(({ kind, hash, size, start, end, base, pieces }) => {
    const payload = new Uint8Array(window, start, end - start);
    try {
      const plain = verifyFrame({ kind, hash, size, payload, ...(base === undefined ? {} : { base }) });
      const table = pieces ? cutPieces(plain) : undefined;
      return { plain: kind === "raw" ? undefined : ownBytes(plain), pieces: table };
    } catch (thrown) {
      if (thrown instanceof HoldfastError && thrown.code !== "internal") return undefined;
      throw thrown;
    }
  });
}
