import { createHash, type Hash } from "node:crypto";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { cutPieces } from "./piece-table.ts";

/** Maximum block of zeros. Holes of a sparse file are split into these. */
export interface ZeroBlock {
  readonly hash: HashHex;
  readonly bytes: Uint8Array;
  readonly pieces: Uint8Array;
}

let made: ZeroBlock | undefined;

/** Computed once per thread. The bytes are shared and must not be modified. */
export function zeroBlock(): ZeroBlock {
  if (made !== undefined) return made;
  const bytes = new Uint8Array(limits.blockBytesMax);
  made = { hash: sha256(bytes), bytes, pieces: cutPieces(bytes) };
  return made;
}

/** Returns true for that block. A few bytes exclude most others. */
export function isZeroBlock(block: Uint8Array): boolean {
  if (block.length !== limits.blockBytesMax) return false;
  if (block[0] !== 0 || block[block.length - 1] !== 0 || block[block.length >> 1] !== 0) return false;
  return Buffer.compare(block, zeroBlock().bytes) === 0;
}

const stepBytes = 64 * 1024;
const stepOfZeros = new Uint8Array(stepBytes);
/** Hashes after n steps of zeros. */
const steps: Hash[] = [createHash("sha256")];

/** Returns the SHA-256 of that many zeros, hashing less than one step per call. */
export function hashOfZeros(sizeBytes: number): HashHex {
  const whole = Math.floor(sizeBytes / stepBytes);
  for (let last = steps.at(-1); last !== undefined && steps.length <= whole; last = steps.at(-1))
    steps.push(last.copy().update(stepOfZeros));
  const hash = steps[whole] as Hash;
  return hash
    .copy()
    .update(stepOfZeros.subarray(0, sizeBytes % stepBytes))
    .digest("hex") as HashHex;
}
