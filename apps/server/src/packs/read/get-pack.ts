import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { assertWanted } from "@holdfast/object-store/call-signal";
import type { BlockCell } from "../cells/block-cell.ts";
import { packKey } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";

export interface Withheld {
  readonly reason: string;
  /** true: disk or network error. false: too large for a pack. */
  readonly unread: boolean;
}

/**
 * @returns undefined if the store is available and does not have the pack. Availability is checked after the read, so
 * that a store that disappears meanwhile loses nothing
 * @throws HoldfastError unavailable if the store itself is not available
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

/** Omits the system's message, which names local folders, because reports are shown elsewhere. */
export const unreadReason = "the pack cannot be read because of a disk or network error; check the system log";
