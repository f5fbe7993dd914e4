import { verifyFrame } from "@holdfast/codec/codec";
import type { Outcome, Task } from "@holdfast/codec/task";
import { HoldfastError } from "@holdfast/core/errors";
import { parseFrames } from "@holdfast/protocol/frames";
import { blockingDisk } from "./local-disk.ts";
import { writeFiles } from "./write-files.ts";
import type { FileToWrite, KnownFolder, WriteOutcome } from "./write-files.ts";

export interface WriteInput {
  readonly files: readonly FileToWrite[];
  readonly folders: readonly KnownFolder[];
  /** A body of POST /blocks/fetch, whole. */
  readonly frames: Uint8Array;
}

async function run({ files, folders, frames }: WriteInput): Promise<Outcome<WriteOutcome[]>> {
  try {
    return { ok: true, value: await writeFiles(blockingDisk, files, folders, plainBlocks(frames)) };
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    return { ok: false, code: thrown.code, message: thrown.message, field: thrown.field };
  }
}

/** Piscina waits for a task that answers later, which the type of a task does not say. */
export const writeFilesTask = run as unknown as Task<WriteInput, WriteOutcome[]>;

/** Every block that is whole and what its hash names; the others are as if they had not come. */
export function plainBlocks(body: Uint8Array): Map<string, Uint8Array> {
  const plain = new Map<string, Uint8Array>();
  for (const { kind, hash, size, payload } of parseFrames(body)) {
    if (kind === "raw" || kind === "zstd") plain.set(hash, verifyFrame({ kind, hash, size, payload }));
  }
  return plain;
}
