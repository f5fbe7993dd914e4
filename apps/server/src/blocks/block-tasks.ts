import type { CodecPool } from "@holdfast/codec/pool";
import { buffersOf, ownBytes } from "@holdfast/codec/task";
import { openRecords, sealPack } from "./pack.ts";
import type { OpenInput, SealInput } from "./pack.ts";
import type { ScrubFinding, ScrubInput } from "./pack-check.ts";
import { verifySlab } from "./slab.ts";
import type { SlabBlock } from "./slab.ts";

export type BlockPool = CodecPool<typeof import("./worker.ts")>;

/** For `startCodecPool`. */
export const blockWorkerUrl = new URL("worker.ts", import.meta.url);

/** Up to here the way to a thread and back takes longer than the work, and waking a thread far longer. */
const inlineBytesMax = 128 * 1024;

/** The slab moves: use the one that comes back. */
export async function verifyInPool(pool: BlockPool, slab: ArrayBuffer, blocks: readonly SlabBlock[]): Promise<ArrayBuffer> {
  if (slab.byteLength <= inlineBytesMax) return verifySlab({ slab, blocks });
  return await pool.run("verifySlabTask", { slab, blocks }, [slab]);
}

/** The slabs move and come back as pieces of the pack. */
export async function sealInPool(pool: BlockPool, input: SealInput): Promise<Uint8Array[]> {
  const sizeBytes = input.slabs.reduce((sum, slab) => sum + slab.byteLength, 0);
  if (sizeBytes <= inlineBytesMax) return sealPack(input);
  return await pool.run("sealTask", input, [...input.slabs]);
}

/** The bytes move, and come back as the payloads. */
export async function openInPool(
  pool: BlockPool,
  input: Omit<OpenInput, "bytes"> & { readonly bytes: Uint8Array },
): Promise<(Uint8Array<ArrayBuffer> | undefined)[]> {
  const owned = { ...input, bytes: ownBytes(input.bytes) };
  if (owned.bytes.length <= inlineBytesMax) return openRecords(owned);
  return await pool.run("openTask", owned, buffersOf([owned.bytes]));
}

/** The pack moves and is gone. */
export async function scrubPackInPool(pool: BlockPool, input: ScrubInput): Promise<ScrubFinding> {
  const pack = ownBytes(input.pack);
  return await pool.run("scrubPackTask", { ...input, pack }, [pack.buffer]);
}
