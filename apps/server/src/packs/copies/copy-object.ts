import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "@holdfast/object-store/object-store";

/** @returns undefined if the store does not have it */
export async function getIfThere(
  store: ObjectStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return await store.get(key, signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "not_found") return undefined;
    throw error;
  }
}

export interface CopyObjectPorts {
  readonly from: ObjectStore;
  readonly to: ObjectStore;
  readonly signal: AbortSignal | undefined;
}

/**
 * Copies an object to the other store. Repeats until the object stays the same, because either store may receive a
 * newer one meanwhile.
 * @returns the size in bytes; undefined if the source does not have it
 * @throws HoldfastError unavailable if it keeps changing
 */
export async function copyObject(key: string, { from, to, signal }: CopyObjectPorts): Promise<number | undefined> {
  const call = signal === undefined ? {} : { signal };
  let bytes = await getIfThere(from, key, signal);
  for (let round = 1; round <= roundsMax; round += 1) {
    if (bytes === undefined) return undefined;
    await to.put(key, bytes, call);
    const now = await getIfThere(from, key, signal);
    if (now !== undefined && Buffer.compare(now, bytes) === 0) return bytes.length;
    // The source has deleted it, and the copy restored it here.
    if (now === undefined) await to.delete(key, call);
    bytes = now;
  }
  throw new HoldfastError("unavailable", `${key} keeps changing. The server will copy it again later.`);
}

const roundsMax = 5;
