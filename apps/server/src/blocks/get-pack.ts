import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { assertWanted } from "@holdfast/object-store/call-signal";
import type { BlockCell } from "./block-cell.ts";
import { packKey } from "./pack-format.ts";
import type { PackId } from "./pack-format.ts";

/** Why a pack that is there is not given. */
export interface Withheld {
  readonly reason: string;
  /** The disk or the network failed at it; else it is too large to be a pack. */
  readonly unread: boolean;
}

/**
 * @returns undefined where a store that is there does not have it. This is asked after each of two readings, so that a store that goes
 *   away between its proof and the reading loses nothing
 * @throws HoldfastError unavailable where the store itself is not there
 */
export async function getPack(
  { store, keyring }: Pick<BlockCell, "store" | "keyring">,
  packId: PackId,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | Withheld | undefined> {
  const options = signal === undefined ? {} : { signal };
  try {
    const stat = await store.stat(packKey(packId), options);
    if (stat !== undefined && stat.sizeBytes > limits.packBytesMax)
      return { reason: `the pack has ${stat.sizeBytes} bytes`, unread: false };
    if (stat !== undefined) return await store.get(packKey(packId), options);
  } catch (error) {
    assertWanted(signal);
    if (!(error instanceof HoldfastError)) throw error;
    await keyring.assertStoreThere(store);
    return error.code === "not_found" ? undefined : { reason: unreadReason, unread: true };
  }
  await keyring.assertStoreThere(store);
  return undefined;
}

/** What the system said names folders of this machine, and a report is shown far from it. */
export const unreadReason = "the pack cannot be read because of a disk or network error; check the system log";
