import { missingBlocks } from "@holdfast/api-client/block-upload";
import { cutFile } from "@holdfast/codec/cut-file";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { asCodecPool } from "../transfer-pool.ts";
import { growthOf, intoOf } from "./put-work.ts";
import type { PutWork, QueuedFile } from "./put-work.ts";

/**
 * Runs before the first block is sent. Without space for the whole file, it is cut and hashed first, because only the
 * blocks that the server lacks need space.
 * @throws HoldfastError quota; store_full, with the size of the whole file
 */
export async function askRoom(work: PutWork, file: QueuedFile, descriptor: number, sizeBytes: number): Promise<void> {
  const { client } = work;
  const ask = { growthBytes: growthOf(file, sizeBytes), sendBytes: sizeBytes };
  const refusal = await storeFullOf(missingBlocks({ client, into: intoOf(file) }, [], ask));
  if (refusal !== undefined && (await storeFullOf(askRoomForMissing(work, file, descriptor))) !== undefined)
    throw refusal;
}

/**
 * @throws HoldfastError store_full as soon as the missing blocks found so far do not fit; the file may be far larger
 * than the disk
 */
async function askRoomForMissing(work: PutWork, file: QueuedFile, descriptor: number): Promise<void> {
  const parts = { client: work.client, into: intoOf(file) };
  const known = new Set<HashHex>();
  let sendBytes = 0;
  for await (const window of cutFile(asCodecPool(work.pool), descriptor, { windows: work.windows, compress: false })) {
    try {
      const fresh = new Map(window.blocks.map(({ hash, size }) => [hash, size]));
      for (const hash of fresh.keys()) if (known.has(hash)) fresh.delete(hash);
      for (const hash of await missingBlocks(parts, [...fresh.keys()], { sendBytes }))
        sendBytes += fresh.get(hash) ?? 0;
      for (const hash of fresh.keys()) known.add(hash);
    } finally {
      window.giveBack();
    }
  }
  if (sendBytes > 0) await missingBlocks(parts, [], { sendBytes });
}

async function storeFullOf(asked: Promise<unknown>): Promise<HoldfastError | undefined> {
  try {
    await asked;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "store_full") return thrown;
    throw thrown;
  }
}
