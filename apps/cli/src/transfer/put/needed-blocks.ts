import { missingBlocks } from "@holdfast/api-client/block-upload";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { ReadFile } from "../read-files.ts";
import { assertNotHopeless } from "../transfer-report.ts";
import type { Item } from "./commit.ts";
import type { PutWork } from "./put-work.ts";

export interface FileItem extends Item {
  readonly read: ReadFile;
}

export type ItemRead = Pick<FileItem, "read" | "growthBytes">;

/** Asking about less costs more than sending. */
const unaskedBytesMax = 16 * 1024;

/**
 * All files belong to the space of folder `into`.
 * @returns `full` if some files do not fit on their own; their blocks are not needed
 */
export async function neededBlocks(
  work: Pick<PutWork, "client" | "sent">,
  items: readonly ItemRead[],
  into: string,
): Promise<{ readonly needed: ReadonlySet<HashHex>; readonly full?: Full | undefined }> {
  const hashes = new Set(items.flatMap(({ read }) => read.blocks.map(({ hash }) => hash)));
  for (const hash of hashes) if (work.sent.has(hash)) hashes.delete(hash);
  const sizeBytes = items.reduce((sum, { read }) => sum + read.stamp.sizeBytes, 0);
  if (hashes.size === 0 || sizeBytes <= unaskedBytesMax || !work.sent.shouldAsk(hashes.size, sizeBytes))
    return { needed: hashes };
  try {
    const growths = items.map(({ growthBytes = 0 }) => growthBytes);
    const lacking = await missingBlocks({ client: work.client, into }, [...hashes], {
      growthBytes: Math.max(0, ...growths),
    });
    work.sent.learned(hashes.size - lacking.size);
    return { needed: lacking };
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    if (thrown.code === "quota") return { needed: hashes, full: await leastWithoutRoom(work, items, into, thrown) };
    assertNotHopeless(thrown.code, thrown.message);
    // Sends all blocks. The commit then reports the error with the file that causes it.
    return { needed: hashes };
  }
}

/** The server's message contains figures that fit only the smallest growth. */
export function refuseAll(work: PutWork, items: readonly FileItem[], { growthBytes: least, failure }: Full): void {
  for (const { path, growthBytes = 0 } of items) {
    const said = growthBytes === least ? failure : new HoldfastError("quota", "There is no space for it.");
    work.report.refused(path, said, growthBytes);
  }
}

/** Files that need at least `growthBytes` more space do not fit. */
interface Full {
  readonly growthBytes: number;
  readonly failure: HoldfastError;
}

/** Finds the smallest growth that the server refuses, by binary search. The largest is known to be refused. */
async function leastWithoutRoom(
  { client }: Pick<PutWork, "client">,
  items: readonly ItemRead[],
  into: string,
  failure: HoldfastError,
): Promise<Full> {
  const growths = items.map(({ growthBytes = 0 }) => growthBytes).toSorted((one, other) => one - other);
  let full = { growthBytes: growths.at(-1) ?? 0, failure };
  for (let [start, end] = [0, growths.length - 1]; start < end;) {
    const middle = Math.floor((start + end) / 2);
    const growthBytes = growths[middle] ?? 0;
    try {
      await missingBlocks({ client, into }, [], { growthBytes });
      start = middle + 1;
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError) || thrown.code !== "quota") throw thrown;
      full = { growthBytes, failure: thrown };
      end = middle;
    }
  }
  return full;
}
