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

/** The threads of a server: the codec's tasks and those of packs. @param threads as many as the machine has cores unless told */
export function startBlockPool(threads?: number): BlockPool {
  const workerUrl = new URL("worker.ts", import.meta.url);
  return startCodecPool<typeof worker>(threads === undefined ? { workerUrl } : { workerUrl, threads });
}

/** Up to here the way to a thread and back takes longer than the work, and waking a thread far longer. */
const inlineBytesMax = 128 * 1024;

/** The slab moves: use the one that comes back. */
export async function verifyInPool(
  pool: BlockPool,
  slab: ArrayBuffer,
  blocks: readonly SlabBlock[],
): Promise<VerifiedSlab> {
  if (slab.byteLength <= inlineBytesMax) return verifySlab({ slab, blocks });
  return pool.run("verifySlabTask", { slab, blocks }, [slab]);
}

/** The slabs move, and come back with the pack, of whose pieces they are the middle. */
export async function sealInPool(pool: BlockPool, input: SealInput): Promise<Sealed> {
  const sizeBytes = input.slabs.reduce((sum, slab) => sum + slab.byteLength, 0);
  if (sizeBytes <= inlineBytesMax) return sealAndCheck(input);
  return pool.run("sealTask", input, [...input.slabs]);
}

export interface Opened {
  /** They stand in `bytes`, those that were decoded in buffers of their own. */
  readonly payloads: readonly (Uint8Array<ArrayBuffer> | undefined)[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The bytes move with all of their buffer, and come back. */
export async function openInPool(pool: BlockPool, input: OpenInput): Promise<Opened> {
  if (input.bytes.length <= inlineBytesMax) return { payloads: openRecords(input), bytes: input.bytes };
  return pool.run("openTask", input, buffersOf([input.bytes]));
}

/** The pack moves and is gone. */
export async function scrubPackInPool(pool: BlockPool, input: ScrubInput): Promise<ScrubFinding> {
  const pack = ownBytes(input.pack);
  return pool.run("scrubPackTask", { ...input, pack }, [pack.buffer]);
}
