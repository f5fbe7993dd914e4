import { startCodecPool } from "@holdfast/codec/pool";
import type { CodecPool } from "@holdfast/codec/pool";
import { buffersOf, ownBytes } from "@holdfast/codec/task";
import { openRecords } from "./pack.ts";
import type { OpenInput, SealInput } from "./pack.ts";
import type { ScrubFinding, ScrubInput } from "./pack-check.ts";
import { sealAndCheck } from "./seal-and-check.ts";
import type { Sealed } from "./seal-and-check.ts";
import { verifySlab } from "./slab.ts";
import type * as worker from "./worker.ts";
import type { SlabBlock, VerifiedSlab } from "./slab.ts";

export type BlockPool = CodecPool<typeof worker>;

export function startBlockPool(threads?: number): BlockPool {
  const workerUrl = new URL("worker.ts", import.meta.url);
  return startCodecPool<typeof worker>(threads === undefined ? { workerUrl } : { workerUrl, threads });
}

/** Up to this size, a transfer to a thread takes longer than the work. */
const inlineBytesMax = 128 * 1024;

/** Transfers the slab to a thread: use the returned one. */
export async function verifyInPool(
  pool: BlockPool,
  slab: ArrayBuffer,
  blocks: readonly SlabBlock[],
): Promise<VerifiedSlab> {
  if (slab.byteLength <= inlineBytesMax) return verifySlab({ slab, blocks });
  return pool.run("verifySlabTask", { slab, blocks }, [slab]);
}

/** Returns the transferred slabs as the middle pieces of the pack. */
export async function sealInPool(pool: BlockPool, input: SealInput): Promise<Sealed> {
  const sizeBytes = input.slabs.reduce((sum, slab) => sum + slab.byteLength, 0);
  if (sizeBytes <= inlineBytesMax) return sealAndCheck(input);
  return pool.run("sealTask", input, [...input.slabs]);
}

export interface Opened {
  /** Views of `bytes`; decoded payloads have their own buffers. */
  readonly payloads: readonly (Uint8Array<ArrayBuffer> | undefined)[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Transfers and returns the whole buffer. */
export async function openInPool(pool: BlockPool, input: OpenInput): Promise<Opened> {
  if (input.bytes.length <= inlineBytesMax) return { payloads: openRecords(input), bytes: input.bytes };
  return pool.run("openTask", input, buffersOf([input.bytes]));
}

/** Does not return the transferred pack. */
export async function scrubPackInPool(pool: BlockPool, input: ScrubInput): Promise<ScrubFinding> {
  const pack = ownBytes(input.pack);
  return pool.run("scrubPackTask", { ...input, pack }, [pack.buffer]);
}
