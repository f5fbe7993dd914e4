import { dirname } from "node:path";
import { errnoOf, isNotFound, isTaken } from "./disk-error.ts";
import type { Disk, DiskFile } from "./disk.ts";

export interface DurableWriteOptions {
  readonly mode: number;
  /** Random bytes for the temporary name. */
  readonly random: (sizeBytes: number) => Uint8Array;
}

/**
 * Writes a file, whose folder must be durable. Readers get the complete old or new content, even after a power failure,
 * and the new one once this has returned.
 */
export async function writeFileDurably(
  disk: Disk,
  path: string,
  bytes: Uint8Array | readonly Uint8Array[],
  { mode, random }: DurableWriteOptions,
): Promise<void> {
  const temporary = `${path}.${Buffer.from(random(8)).toString("hex")}.tmp`;
  await writeNewFile(disk, temporary, bytes, { mode });
  await moveDurably(disk, temporary, path);
}

/** Durable content under a name that is not durable yet. A failure leaves nothing behind. */
export async function writeNewFile(
  disk: Disk,
  path: string,
  bytes: Uint8Array | readonly Uint8Array[],
  { mode }: { readonly mode: number },
): Promise<void> {
  const file = await disk.createFile(path, { mode });
  try {
    await file.write(bytes);
    // Synced only once: after a failure the kernel may consider lost pages clean, and a second sync would succeed.
    await file.datasync();
    await file.close();
  } catch (error) {
    await discard(disk, path, file);
    throw error;
  }
}

/** Gives a durable file its final name in a durable folder. The old name is removed in any case. */
export async function moveDurably(disk: Disk, from: string, to: string): Promise<void> {
  try {
    await disk.rename(from, to);
  } catch (error) {
    await discard(disk, from);
    throw error;
  }
  await disk.syncFolder(dirname(to));
}

/**
 * Creates a folder and missing parents durably. An existing folder's name is synced too: a killed process may have
 * created it.
 */
export async function ensureFolderDurably(
  disk: Disk,
  path: string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const parent = dirname(path);
  if (parent === path) return;
  if (await isThere(disk, path)) return syncNameOf(disk, path);
  await ensureFolderDurably(disk, parent, options);
  try {
    await disk.mkdir(path, options);
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
  await disk.syncFolder(parent);
}

export async function isThere(disk: Disk, path: string): Promise<boolean> {
  try {
    await disk.stat(path);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function syncNameOf(disk: Disk, path: string): Promise<void> {
  try {
    await disk.syncFolder(dirname(path));
  } catch (error) {
    // If the parent is inaccessible, somebody else created the folder long ago.
    if (!["EACCES", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
  }
}

/** Keeps the original error. A leftover temporary file only uses space. */
async function discard(disk: Disk, path: string, file?: DiskFile): Promise<void> {
  await Promise.allSettled([file?.close()]);
  await Promise.allSettled([disk.unlink(path)]);
}
