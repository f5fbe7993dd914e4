import { fetchBlocks } from "@holdfast/api-client/block-transfer";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { FrameParser } from "@holdfast/protocol/frames";
import type { Frame } from "@holdfast/protocol/frames";
import type { NodeJson } from "@holdfast/protocol/values";
import type { TransferPool } from "../transfer-pool.ts";

/** The blocks of a file's head: those that came with a listing, or else asked for. */
export async function manifestOf(client: ApiClient, node: NodeJson): Promise<readonly ManifestEntry[]> {
  if (node.blocks !== undefined || node.size === 0) return node.blocks ?? [];
  const query = node.version_id === null ? {} : { version: node.version_id };
  const { blocks = [] } = await client.call("getManifest", { params: { id: node.id }, query });
  return blocks;
}

/** Cuts a list into runs of so many bytes, as one request fetches them. */
export function windowsOf<Entry extends ManifestEntry>(entries: readonly Entry[], windowBytes: number): Entry[][] {
  const windows: Entry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    bytes += entry.size;
    const last = windows.at(-1);
    if (last === undefined || bytes > windowBytes) {
      windows.push([entry]);
      bytes = entry.size;
    } else last.push(entry);
  }
  return windows;
}

/**
 * Plain bytes by hash, each verified in a thread.
 * @throws HoldfastError not_found for a block that the server does not give, hash_mismatch for a wrong one
 */
export async function fetchPlain(
  client: ApiClient,
  pool: TransferPool,
  entries: readonly ManifestEntry[],
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const hashes = [...new Set(entries.map(({ hash }) => hash))];
  const parser = new FrameParser();
  const frames: Frame[] = [];
  for (const slice of await fetchBlocks(client, [{ hashes }])) frames.push(...parser.push(slice));
  parser.finish();
  const carried = frames.flatMap(({ kind, hash, size, payload }) =>
    kind === "raw" || kind === "zstd" ? [{ kind, hash, size, payload }] : [],
  );
  if (carried.length < hashes.length) {
    throw new HoldfastError(
      "not_found",
      "The server does not give all of its content; perhaps it was removed meanwhile. Try again.",
    );
  }
  const move = carried.map(({ payload }) => payload.buffer);
  const verified = await pool.run("verifyTask", { frames: carried, want: "plain" }, move);
  const plain = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [index, { hash }] of carried.entries()) {
    const block = verified[index];
    if (block?.ok !== true)
      throw new HoldfastError("hash_mismatch", `Block ${hash} came damaged over the network. Try again.`);
    plain.set(hash, block.payload);
  }
  return plain;
}
