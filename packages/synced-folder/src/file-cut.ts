import { closeSync, fstatSync, readSync } from "node:fs";
import { cutFile, type FileWindow } from "@holdfast/codec/cut-file";
import { cutPieces } from "@holdfast/codec/piece-table";
import type { CodecPool } from "@holdfast/codec/pool";
import type { SharedWindows } from "@holdfast/codec/shared-windows";
import { cutBlocks } from "@holdfast/core/chunker";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { BlockSink, CutBlock, LocalStat } from "@holdfast/sync-ports/ports";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { toLookError } from "./folder-error.ts";
import { readFlags, type RootFolder } from "@holdfast/disk/root-folder";
import { toLocalStat } from "./local-stat.ts";

export interface Threads {
  readonly pool: Pick<CodecPool, "run" | "threads">;
  readonly windows: SharedWindows;
}

export interface Cutting {
  readonly blocks: readonly CutBlock[];
  readonly before: LocalStat;
  readonly after: LocalStat;
}

/** For smaller files, the call to a thread takes longer than the work. */
export const inlineBytesMax = 256 * 1024;
/** A patch for a shorter file would save too little. */
const piecedBytesMin = 64 * 1024;

/** Reads a file once in windows, and its data before and after. */
export async function cutInFolder(
  root: RootFolder,
  threads: Threads,
  path: string,
  sink?: BlockSink,
): Promise<Cutting> {
  let descriptor: number | undefined;
  try {
    descriptor = root.open(path, readFlags);
    const before = toLocalStat(fstatSync(descriptor, { bigint: true }));
    if (before.kind !== "file") throw new HoldfastError("failed", `${path} is not a file.`);
    const blocks = await cutOpen(threads, descriptor, before.fingerprint.sizeBytes, sink);
    return { blocks, before, after: toLocalStat(fstatSync(descriptor, { bigint: true })) };
  } catch (thrown) {
    throw toLookError(readErrorOf(thrown), "read", path);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

async function cutOpen(
  { pool, windows }: Threads,
  descriptor: number,
  sizeBytes: number,
  sink: BlockSink | undefined,
): Promise<CutBlock[]> {
  if (sizeBytes < inlineBytesMax) {
    const bytes = readShort(descriptor, sizeBytes);
    // If the file grew meanwhile, the data shows that the result is incomplete, so its bytes do not matter.
    return cutBlocks(bytes, true).blocks.map(({ start, end }) => blockOf(bytes.subarray(start, end), sizeBytes));
  }
  const blocks: CutBlock[] = [];
  let taking = sink;
  for await (const window of cutFile(pool, descriptor, { windows, compress: false, pieces: true })) {
    for (const { hash, size, pieces } of window.blocks) blocks.push({ hash, size, pieces });
    if (taking !== undefined && !(await taking.hasRoom())) taking = undefined;
    if (taking === undefined) window.giveBack();
    else void handOver(taking, window);
  }
  return blocks;
}

/** Runs while the next windows are split. Never fails. */
async function handOver(sink: BlockSink, window: FileWindow): Promise<void> {
  const blocks = window.blocks.map(({ hash, size, pieces, payload }) => ({ hash, size, pieces, bytes: payload }));
  if (await sink.take(blocks)) window.giveBack();
  else window.abandon();
}

const shortFile = new Uint8Array(inlineBytesMax);

/** Nothing is awaited before hashing, so one buffer is shared. */
function readShort(descriptor: number, sizeBytes: number): Uint8Array {
  let filled = 0;
  while (filled <= sizeBytes && filled < shortFile.length) {
    const count = readSync(descriptor, shortFile, filled, shortFile.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return shortFile.subarray(0, filled);
}

function blockOf(bytes: Uint8Array, fileBytes: number): CutBlock {
  const pieces = fileBytes > piecedBytesMin ? cutPieces(bytes) : undefined;
  return { hash: sha256(bytes), size: bytes.length, pieces };
}

/** A thread's error has its errno in the body. */
function readErrorOf(thrown: unknown): unknown {
  const errno = thrown instanceof HoldfastError ? thrown.body["errno"] : undefined;
  if (typeof errno !== "string" || ownErrnoOf(thrown) !== undefined) return thrown;
  return Object.assign(new Error(errno, { cause: thrown }), { code: errno });
}
