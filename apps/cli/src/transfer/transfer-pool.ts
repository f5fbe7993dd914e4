import { startCodecPool } from "@holdfast/codec/pool";
import type { CodecPool } from "@holdfast/codec/pool";
import type * as worker from "./transfer-worker.ts";

export type TransferPool = CodecPool<typeof worker>;

export function startTransferPool(): TransferPool {
  return startCodecPool<typeof worker>({ workerUrl: new URL("transfer-worker.ts", import.meta.url) });
}

/** For `cutStream`, which asks only for the codec's tasks that the worker has. */
export function asCodecPool(pool: TransferPool): CodecPool {
  return pool as unknown as CodecPool;
}
