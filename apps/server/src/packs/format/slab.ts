import { verifyFrame } from "@holdfast/codec/codec";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { IncomingBlock } from "./incoming-block.ts";
import { tagBytes } from "./pack-format.ts";
import type { SlabStock } from "./slab-stock.ts";

export interface SlabBlock {
  readonly hash: HashHex;
  /** Plain bytes. */
  readonly size: number;
  readonly codec: "raw" | "zstd";
  readonly start: number;
  readonly length: number;
}

/**
 * Payloads of several blocks in one buffer, which is transferred to a thread and back in one call. Each is followed by
 * space for the tag, so that it is sealed in place and the slab becomes the middle of the pack.
 */
export interface Slab {
  readonly buffer: ArrayBuffer;
  readonly blocks: readonly SlabBlock[];
}

/** Maximum of one slab: small enough that the threads share the work of a request, and packs stay near their target. */
const slabBytesMax = 4 * 1024 * 1024;
export const slabBlocksMax = 2048;

/** A copy costs less than transferring hundreds of buffers. */
export function fillSlabs(blocks: readonly IncomingBlock[], stock: SlabStock): Slab[] {
  const slabs: Slab[] = [];
  for (let start = 0; start < blocks.length;) {
    const end = slabEnd(blocks, start);
    slabs.push(fillSlab(blocks.slice(start, end), stock));
    start = end;
  }
  return slabs;
}

export function slabsOfPlaced(blocks: readonly IncomingBlock[]): Slab[] {
  const slabs = new Map<ArrayBufferLike, SlabBlock[]>();
  for (const { hash, sizeBytes: size, codec, payload } of blocks) {
    const block = { hash, size, codec, start: payload.byteOffset, length: payload.length };
    const known = slabs.get(payload.buffer);
    if (known === undefined) slabs.set(payload.buffer, [block]);
    else known.push(block);
  }
  return [...slabs].map(([buffer, placed]) => ({ buffer: buffer as ArrayBuffer, blocks: placed }));
}

export function storedBytesIn({ blocks }: Slab): number {
  return blocks.reduce((sum, { length }) => sum + length + tagBytes, 0);
}

export interface Refusal {
  readonly index: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface VerifiedSlab {
  /** Must be transferred back. */
  readonly slab: ArrayBuffer;
  readonly refusals: readonly Refusal[];
}

/** A wrong block does not affect the others. */
export function verifySlab({ slab, blocks }: { slab: ArrayBuffer; blocks: readonly SlabBlock[] }): VerifiedSlab {
  const refusals: Refusal[] = [];
  for (const [index, { hash, size, codec, start, length }] of blocks.entries()) {
    try {
      verifyFrame({ kind: codec, hash, size, payload: new Uint8Array(slab, start, length) });
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown;
      refusals.push({ index, code: thrown.code, message: thrown.message });
    }
  }
  return { slab, refusals };
}

export function refusalError(hash: HashHex, { code, message }: Pick<Refusal, "code" | "message">): HoldfastError {
  const named = message.includes(hash) ? message : `Block ${hash} was refused. ${message}`;
  return new HoldfastError(code, named, { field: "frames", body: { hash } });
}

function slabEnd(blocks: readonly IncomingBlock[], start: number): number {
  let sizeBytes = 0;
  for (let index = start; index < blocks.length; index += 1) {
    sizeBytes += blocks[index]?.payload.length ?? 0;
    if (index > start && (sizeBytes > slabBytesMax || index - start >= slabBlocksMax)) return index;
  }
  return blocks.length;
}

function fillSlab(blocks: readonly IncomingBlock[], stock: SlabStock): Slab {
  const sizeBytes = blocks.reduce((sum, { payload }) => sum + payload.length + tagBytes, 0);
  const bytes = new Uint8Array(stock.take(sizeBytes));
  let start = 0;
  const slabBlocks = blocks.map(({ hash, sizeBytes: size, codec, payload }): SlabBlock => {
    const placed = { hash, size, codec, start, length: payload.length };
    bytes.set(payload, start);
    start += payload.length + tagBytes;
    return placed;
  });
  return { buffer: bytes.buffer, blocks: slabBlocks };
}
