import { availableParallelism } from "node:os";
import type { CodecPool } from "@holdfast/codec/pool";
import { openWindow } from "./get/open-window.ts";
import type { OpenWindowInput } from "./get/open-window.ts";
import { readFiles } from "./read-files.ts";
import type { ReadInput } from "./read-files.ts";
import type * as worker from "./transfer-worker.ts";

export type TransferPool = CodecPool<typeof worker>;

/**
 * Threads load with the first large task. Many transfers have one small file, which is processed faster than a thread
 * starts.
 */
export function startTransferPool(): TransferPool {
  let starting: Promise<TransferPool> | undefined;
  return {
    threads: availableParallelism(),
    run: async (name, input, move) => {
      if (starting === undefined && name === "readFilesTask" && isLittleToRead(input as ReadInput))
        return readFiles(input as ReadInput) as never;
      if (starting === undefined && name === "openWindowTask" && isLittleToOpen(input as OpenWindowInput))
        return openWindow(input as OpenWindowInput) as never;
      return (await (starting ??= load())).run(name, input, move);
    },
    close: async () => (await starting)?.close(),
  };
}

/** Starts the threads while the caller waits for something else. */
export function wakeThreads(pool: TransferPool): void {
  for (let thread = 0; thread < pool.threads; thread += 1) {
    // If the threads do not start, the first real task reports the error.
    pool.run("encodeWindowTask", { window: new SharedArrayBuffer(0), cuts: [], compress: false }).catch(() => {});
  }
}

function isLittleToRead({ files }: ReadInput): boolean {
  return files.length <= hereFilesMax && files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) <= hereBytesMax;
}

function isLittleToOpen({ bodyBytes }: OpenWindowInput): boolean {
  return bodyBytes <= hereBytesMax;
}

const hereFilesMax = 8;
const hereBytesMax = 256 * 1024;

async function load(): Promise<TransferPool> {
  const { startCodecPool } = await import("@holdfast/codec/pool");
  return startCodecPool<typeof worker>({ workerUrl: new URL("transfer-worker.ts", import.meta.url) });
}

/** `cutStream` runs only the codec's tasks. The worker exports them all. */
export function asCodecPool(pool: TransferPool): CodecPool {
  return pool as unknown as CodecPool;
}
