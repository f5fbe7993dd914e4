import type { Outcome, Task } from "@holdfast/codec/task";
import { HoldfastError } from "@holdfast/core/errors";
import { asNamed, placesIn } from "@holdfast/disk/places";
import { blockingDiskAt } from "./local-disk.ts";
import { openWindow } from "./open-window.ts";
import type { OpenWindowInput } from "./open-window.ts";
import { writeFiles } from "./write-files.ts";
import type { FileToWrite, KnownFolder, WriteOutcome } from "./write-files.ts";

export interface WriteInput extends OpenWindowInput {
  readonly files: readonly FileToWrite[];
  /** Descriptors by path. All threads of a process share them. */
  readonly held: ReadonlyMap<string, number> | undefined;
  /** Checked instead, if folders cannot be held open. */
  readonly folders: readonly KnownFolder[];
}

async function run({ files, held, folders, ...body }: WriteInput): Promise<Outcome<WriteOutcome[]>> {
  try {
    const disk = blockingDiskAt(held === undefined ? asNamed : placesIn(held));
    return { ok: true, value: await writeFiles(disk, files, held === undefined ? folders : [], plainBlocks(body)) };
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    return { ok: false, code: thrown.code, message: thrown.message, field: thrown.field };
  }
}

/** Piscina awaits a promise, which the task type does not express. */
export const writeFilesTask = run as unknown as Task<WriteInput, WriteOutcome[]>;

/** @throws HoldfastError hash_mismatch */
export function plainBlocks(body: OpenWindowInput): Map<string, Uint8Array> {
  const plain = new Map<string, Uint8Array>();
  for (const block of openWindow(body)) {
    if (!block.ok) throw new HoldfastError("hash_mismatch", `Block ${block.hash} was damaged in transit. Try again.`);
    plain.set(block.hash, new Uint8Array(body.window, block.start, block.end - block.start));
  }
  return plain;
}
