import { nextCut } from "@holdfast/core/chunker";
import type { Cut } from "@holdfast/core/chunker";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { probeCompress } from "./codec.ts";
import type { Codec } from "./codec.ts";

/** Part of a stream that starts at a block: `byteLength` bytes from `byteOffset`. The buffer is moved. */
export interface CutInput {
  readonly buffer: ArrayBuffer;
  readonly byteOffset?: number;
  readonly byteLength: number;
  /** True at the end of the stream. */
  readonly final: boolean;
  readonly compress: boolean;
}

export interface EncodeInput {
  readonly buffer: ArrayBuffer;
  readonly cuts: readonly Cut[];
  readonly compress: boolean;
}

/**
 * Block in the returned buffer. Its plain bytes were at `start` to `end`; its payload now has `length` bytes from
 * `start`. A compressed payload replaces the plain bytes, so nothing is allocated.
 */
export interface CutBlock extends Cut {
  readonly hash: HashHex;
  readonly codec: Codec;
  readonly length: number;
}

export interface CutOutput {
  readonly buffer: ArrayBuffer;
  /** Offsets in the buffer. */
  readonly blocks: CutBlock[];
  /** Bytes covered by blocks. The caller puts the rest before the next piece. */
  readonly consumed: number;
}

/** Stateless: the caller carries over the rest of earlier pieces. */
export function cut(input: CutInput): CutOutput {
  const { buffer, cuts, consumed } = findCuts(input);
  return { ...encodeBlocks({ buffer, cuts, compress: input.compress }), consumed };
}

/** First half of `cut`, after which the next piece can be split. */
export function findCuts(input: Omit<CutInput, "compress">): { buffer: ArrayBuffer; cuts: Cut[]; consumed: number } {
  const { buffer, byteOffset = 0, byteLength, final } = input;
  return { buffer, ...findCutsIn(new Uint8Array(buffer), byteOffset, byteOffset + byteLength, final) };
}

/**
 * @param first offset of the first byte;
 * @param last offset after the last known byte
 */
export function findCutsIn(
  bytes: Uint8Array,
  first: number,
  last: number,
  final: boolean,
): { cuts: Cut[]; consumed: number } {
  const cuts: Cut[] = [];
  let start = first;
  for (;;) {
    const end = nextCut(bytes, start, last, final);
    if (end === undefined) return { cuts, consumed: start - first };
    cuts.push({ start, end });
    start = end;
  }
}

/** Second half: hashes and compresses. One call can handle many small files of one block. */
export function encodeBlocks(input: EncodeInput): { buffer: ArrayBuffer; blocks: CutBlock[] } {
  const { buffer, cuts, compress } = input;
  return { buffer, blocks: encodeCuts(new Uint8Array(buffer), cuts, compress) };
}

/** Compressed payloads replace the plain bytes. */
export function encodeCuts(bytes: Uint8Array, cuts: readonly Cut[], compress: boolean): CutBlock[] {
  return cuts.map((place) => encodeBlock(bytes, place, compress));
}

function encodeBlock(bytes: Uint8Array, { start, end }: Cut, compress: boolean): CutBlock {
  const plain = bytes.subarray(start, end);
  const hash = sha256(plain);
  if (!compress) return { start, end, hash, codec: "raw", length: plain.length };
  const { codec, payload } = probeCompress(plain);
  if (codec === "zstd") bytes.set(payload, start);
  return { start, end, hash, codec, length: payload.length };
}
