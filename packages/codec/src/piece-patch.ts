import { constants } from "node:zlib";
import type { Random } from "@holdfast/core/clock";
import { limits } from "@holdfast/core/limits";
import { checkedEncoding } from "./checked-encoding.ts";
import { decodePatch, encodePatch } from "./patch.ts";
import { cutPieces, type Piece, pieceSizes, readPieces } from "./piece-table.ts";

export interface PiecePatchInput {
  /** Result of `cutPieces` for the base. */
  readonly basePieces: Uint8Array;
  readonly next: Uint8Array;
  /** Fills unknown bytes of the base. */
  readonly random: Random;
}

/**
 * Creates a patch like `encodePatch` without the base's bytes. Pieces that `next` contains come from there, the rest is
 * random, and the patch is proved independent of it. Equal CRC-32 and length are assumed to mean equal bytes. If that
 * is wrong, the receiver finds another hash and needs the whole block.
 * @returns undefined if no patch is smaller than `next`
 */
export function encodePatchFromPieces({ basePieces, next, random }: PiecePatchInput): Uint8Array | undefined {
  const rebuilt = rebuildBase(readPieces(basePieces), next);
  if (rebuilt === undefined) return undefined;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    fillGaps(rebuilt, next, random);
    const payload = encodePatch(rebuilt.bytes, next, patchParams);
    if (payload === undefined) return undefined;
    complementGaps(rebuilt);
    const decode = () => decodePatch(rebuilt.bytes, payload, next.length);
    if (checkedEncoding(next, () => payload, decode) !== undefined) return payload;
  }
  return undefined;
}

const attemptsMax = 2;

/** zstd's maximum: with 4 MiB against 64 KiB of random bytes, one in 2^18 attempts matches by chance. */
const patchParams = { [constants.ZSTD_c_minMatch]: 7 };

/** Unknown bytes `start` to `end` of the base. */
interface Gap {
  readonly start: number;
  readonly end: number;
  /** Positions in `next` where the previous piece ends and the next one starts. */
  readonly nextStart: number | undefined;
  readonly nextEnd: number | undefined;
}

interface RebuiltBase {
  readonly bytes: Uint8Array;
  readonly gaps: readonly Gap[];
}

/** @returns undefined if nothing is known, or the result is no valid block */
function rebuildBase(base: readonly Piece[], next: Uint8Array): RebuiltBase | undefined {
  const sizeBytes = base.reduce((sum, { length }) => sum + length, 0);
  if (sizeBytes > limits.blockBytesMax) return undefined;
  const offsets = new Map(readPieces(cutPieces(next)).map((piece) => [keyOf(piece), piece.offset]));
  const bytes = new Uint8Array(sizeBytes);
  const gaps: Gap[] = [];
  let isKnown = false;
  for (const [index, piece] of base.entries()) {
    const from = offsets.get(keyOf(piece));
    if (from !== undefined) {
      bytes.set(next.subarray(from, from + piece.length), piece.offset);
      isKnown = true;
      continue;
    }
    const before = base[index - 1];
    const after = base[index + 1];
    const beforeAt = before === undefined ? undefined : offsets.get(keyOf(before));
    gaps.push({
      start: piece.offset,
      end: piece.offset + piece.length,
      nextStart: before === undefined || beforeAt === undefined ? undefined : beforeAt + before.length,
      nextEnd: after === undefined ? undefined : offsets.get(keyOf(after)),
    });
  }
  return isKnown ? { bytes, gaps } : undefined;
}

/** Below 2^53. */
function keyOf({ crc, length }: Piece): number {
  return crc * (pieceSizes.bytesMax * 2) + length;
}

/** zstd extends a match of a known piece while bytes are equal, so bytes at the borders are made different. */
function fillGaps({ bytes, gaps }: RebuiltBase, next: Uint8Array, random: Random): void {
  for (const { start, end, nextStart, nextEnd } of gaps) {
    bytes.set(random(end - start), start);
    if (nextStart !== undefined) bytes[start] = differing(next[nextStart], bytes[start]);
    if (nextEnd !== undefined) bytes[end - 1] = differing(next[nextEnd - 1], bytes[end - 1]);
  }
}

function differing(from: number | undefined, byte: number | undefined): number {
  return from === byte ? (byte ?? 0) ^ 0xff : (byte ?? 0);
}

/** Changes every unknown byte, so that a patch depending on one gives another result. */
function complementGaps({ bytes, gaps }: RebuiltBase): void {
  for (const { start, end } of gaps) {
    for (let index = start; index < end; index += 1) bytes[index] = ~(bytes[index] ?? 0);
  }
}
