import { dirname } from "node:path";
import { errnoOf, isNotFound, isTaken } from "./disk-error.ts";
import type { Disk, DiskFile } from "./disk.ts";

export interface DurableWriteOptions {
  readonly mode: number;
  /** Gives that many random bytes, for the temporary name. */
  readonly random: (sizeBytes: number) => Uint8Array;
}

/**
 * Puts the bytes at `path`, whose folder must exist and be durable itself. Whoever reads it, now or after a power cut, finds
 * the old content or the new one, whole; once this has returned, the new one.
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

/** Makes a new file with durable content under a name that is not durable yet. Leaves nothing behind where it fails. */
export async function writeNewFile(
  disk: Disk,
  path: string,
  bytes: Uint8Array | readonly Uint8Array[],
  { mode }: { readonly mode: number },
): Promise<void> {
  const file = await disk.createFile(path, { mode });
  try {
    await file.write(bytes);
    // Once, whatever comes of it: after a failure the kernel may call the lost pages clean, and a second sync would succeed.
    await file.datasync();
    await file.close();
  } catch (error) {
    await discard(disk, path, file);
    throw error;
  }
}

/** Gives a file with durable content its final name, in a folder that is durable itself. The old name goes in any case. */
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
 * Makes the folder and whatever of its path is missing, and makes their names durable. A folder that is there already may
 * have been made by a process that was killed before it could sync the name, so its name is synced too.
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
    // Where we may not even look into the parent it was somebody else who made the folder, long ago.
    if (!["EACCES", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
  }
}

/** The failure that led here is the one to report; a temporary file that stays behind only takes up room. */
async function discard(disk: Disk, path: string, file?: DiskFile): Promise<void> {
  await Promise.allSettled([file?.close()]);
  await Promise.allSettled([disk.unlink(path)]);
}
