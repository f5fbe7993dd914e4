import { nextCut } from "@holdfast/core/chunker";
import type { Cut } from "@holdfast/core/chunker";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { probeCompress } from "./codec.ts";
import type { Codec } from "./codec.ts";

/** Part of a stream that begins where a block begins: `byteLength` bytes from `byteOffset` on. The buffer moves. */
export interface CutInput {
  readonly buffer: ArrayBuffer;
  readonly byteOffset?: number;
  readonly byteLength: number;
  /** Whether the stream ends here. */
  readonly final: boolean;
  readonly compress: boolean;
}

export interface EncodeInput {
  readonly buffer: ArrayBuffer;
  readonly cuts: readonly Cut[];
  readonly compress: boolean;
}

/**
 * A block in the buffer that came back: its plain bytes stood from `start` to `end`; its payload now stands from `start`
 * on in `length` bytes. A compressed payload has taken the place of the plain bytes, so nothing is allocated for it.
 */
export interface CutBlock extends Cut {
  readonly hash: HashHex;
  readonly codec: Codec;
  readonly length: number;
}

export interface CutOutput {
  readonly buffer: ArrayBuffer;
  /** Offsets are those of the buffer. */
  readonly blocks: CutBlock[];
  /** How many of the `byteLength` bytes the blocks cover; the caller puts the rest in front of what follows. */
  readonly consumed: number;
}

/** Stateless: what it needs of the past is the tail that the caller carries over. */
export function cut(input: CutInput): CutOutput {
  const { buffer, cuts, consumed } = findCuts(input);
  return { ...encodeBlocks({ buffer, cuts, compress: input.compress }), consumed };
}

/** The first half of `cut`, alone: once it is done, the cuts of the next piece can be sought. */
export function findCuts(input: Omit<CutInput, "compress">): { buffer: ArrayBuffer; cuts: Cut[]; consumed: number } {
  const { buffer, byteOffset = 0, byteLength, final } = input;
  return { buffer, ...findCutsIn(new Uint8Array(buffer), byteOffset, byteOffset + byteLength, final) };
}

/** @param first offset of the first byte; @param last of the first byte after the known ones */
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

/** The second half: hashes and compresses. Many small files, one block each, go through it in one call. */
export function encodeBlocks(input: EncodeInput): { buffer: ArrayBuffer; blocks: CutBlock[] } {
  const { buffer, cuts, compress } = input;
  return { buffer, blocks: encodeCuts(new Uint8Array(buffer), cuts, compress) };
}

/** Compressed payloads take the place of the plain bytes. */
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
