import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { frameHeaderBytes } from "@holdfast/protocol/frames";
import type { NodeJson } from "@holdfast/protocol/values";
import type { TransferPool } from "../transfer-pool.ts";
import type { BlockSource, WantedBlock } from "./block-source.ts";

/** Blocks of the head version, from the listing or by a request. */
export async function manifestOf(client: ApiClient, node: NodeJson): Promise<readonly ManifestEntry[]> {
  if (node.blocks !== undefined || node.size === 0) return node.blocks ?? [];
  const query = node.version_id === null ? {} : { version: node.version_id };
  const { blocks = [] } = await client.call("getManifest", { params: { id: node.id }, query });
  return blocks;
}

const fetchBytesMax = 8 * 1024 * 1024;
/** One response, and the plain bytes of its compressed blocks. */
export const fetchWindowBytes = 2 * (fetchBytesMax + limits.fetchHashesMax * frameHeaderBytes);

export function windowsOf<Entry extends ManifestEntry>(entries: readonly Entry[]): Entry[][] {
  const windows: Entry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    bytes += entry.size;
    const last = windows.at(-1);
    if (last === undefined || bytes > fetchBytesMax || last.length >= limits.fetchHashesMax) {
      windows.push([entry]);
      bytes = entry.size;
    } else last.push(entry);
  }
  return windows;
}

/**
 * Returns plain bytes by hash, each verified in a thread.
 * @param window of `fetchWindowBytes`; the returned arrays point into it
 * @throws HoldfastError not_found for a block that the server does not return, damaged for one that it has lost,
 * hash_mismatch for a wrong one
 */
export async function fetchPlain(
  source: BlockSource,
  pool: TransferPool,
  entries: readonly WantedBlock[],
  window: SharedArrayBuffer,
): Promise<Map<string, Uint8Array>> {
  const wanted = new Map(entries.map((entry) => [entry.hash, entry]));
  const bodyBytes = await source.fetch([...wanted.values()], new Uint8Array(window));
  const plain = new Map<string, Uint8Array>();
  for (const block of await pool.run("openWindowTask", { window, bodyBytes })) {
    if (!block.ok) throw new HoldfastError("hash_mismatch", `Block ${block.hash} was damaged in transit. Try again.`);
    plain.set(block.hash, new Uint8Array(window, block.start, block.end - block.start));
  }
  const lacking = entries.find(({ hash }) => !plain.has(hash));
  if (lacking === undefined) return plain;
  await source.assertNotLost?.(lacking);
  throw new HoldfastError(
    "not_found",
    "The server did not send all of its content; it may have been removed during the download. Try again.",
  );
}
