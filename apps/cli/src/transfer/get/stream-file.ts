import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { startTransferPool } from "../transfer-pool.ts";
import { type BlockSource, blockSource, placed } from "./block-source.ts";
import { fetchPlain, fetchWindowBytes, manifestOf, windowsOf } from "./fetch-plain.ts";

/** Each block is verified before any of it is written. One window is fetched ahead. */
export async function streamFile(
  client: ApiClient,
  node: NodeJson,
  write: (bytes: Uint8Array) => Promise<void>,
  source: BlockSource = blockSource(client),
): Promise<void> {
  if (node.kind !== "file") throw new HoldfastError("conflict", `${node.path} is a ${node.kind}, not a file.`);
  const windows = windowsOf(placed(node, await manifestOf(client, node)));
  const pool = startTransferPool();
  try {
    const fetching: ReturnType<typeof fetchPlain>[] = [];
    for (const [index, window] of windows.entries()) {
      for (const next of windows.slice(index + fetching.length, index + 2)) {
        // Uses a new buffer, because the reader of the output may be using the previous one.
        const coming = fetchPlain(source, pool, next, new SharedArrayBuffer(fetchWindowBytes));
        // Prevents an unhandled rejection. The await below receives the failure.
        coming.catch(() => {});
        fetching.push(coming);
      }
      const plain = await fetching.shift();
      for (const { hash } of window) await write(plain?.get(hash) ?? new Uint8Array(0));
    }
  } finally {
    await pool.close();
  }
}
