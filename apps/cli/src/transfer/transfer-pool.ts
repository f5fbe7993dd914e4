import { availableParallelism } from "node:os";
import type { CodecPool } from "@holdfast/codec/pool";
import { openWindow } from "./get/open-window.ts";
import type { OpenWindowInput } from "./get/open-window.ts";
import { readFiles } from "./read-files.ts";
import type { ReadInput } from "./read-files.ts";
import type * as worker from "./transfer-worker.ts";

export type TransferPool = CodecPool<typeof worker>;

/**
 * Its threads, and the code that starts them, are loaded with the first task that is worth it: many transfers are of one
 * small file, which is read or verified in less time than a thread takes to start.
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

/** Has the threads started while something else is waited for. */
export function wakeThreads(pool: TransferPool): void {
  for (let thread = 0; thread < pool.threads; thread += 1) {
    // If they do not start, the first task that is needed says so.
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

/** For `cutStream`, which asks only for the codec's tasks that the worker has. */
export function asCodecPool(pool: TransferPool): CodecPool {
  return pool as unknown as CodecPool;
}
