import { HoldfastError } from "@holdfast/core/errors";
import { ownBytes } from "@holdfast/codec/task";
import type { BlockPlace } from "../index/block-rows.ts";
import { openInPool } from "../format/block-tasks.ts";
import { packKey } from "../format/pack-format.ts";
import { isWhole } from "../read/rescue-block.ts";
import { packKeyOf } from "../format/seal.ts";
import type { CollectPorts } from "./collect-ports.ts";

/**
 * Runs before others depend on the copy.
 * @returns the stored payload; undefined if it is missing, cannot be decrypted, or does not match its hash
 * @throws HoldfastError other errors of the store
 */
export async function readCopy(
  { cell, pool, signal }: Pick<CollectPorts, "cell" | "pool" | "signal">,
  { hash, packId, epoch, recordIndex, offset, storedSize, sizeBytes, codec }: BlockPlace,
): Promise<Uint8Array | undefined> {
  const range = { start: offset, end: offset + storedSize };
  const sealed = await getIfThere(() =>
    cell.store.get(packKey(packId), signal === undefined ? { range } : { range, signal }),
  );
  if (sealed === undefined) return undefined;
  const key = packKeyOf((await cell.keyring.keyOf(epoch)).key, packId);
  const records = [{ index: recordIndex, start: 0, storedSize, codec, sizeBytes }];
  const { payloads } = await openInPool(pool, { packId, key, bytes: ownBytes(sealed), records, plain: false });
  const [payload] = payloads;
  return payload !== undefined && isWhole({ hash, sizeBytes, codec, payload }) ? payload : undefined;
}

async function getIfThere(get: () => Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await get();
  } catch (error) {
    if (error instanceof HoldfastError && (error.code === "not_found" || error.code === "range")) return undefined;
    throw error;
  }
}
