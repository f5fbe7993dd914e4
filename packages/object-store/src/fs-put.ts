import { dirname, join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { isNotFound } from "@holdfast/disk/disk-error";
import type { Disk } from "@holdfast/disk/disk";
import { ensureFolderDurably, isThere, moveDurably, writeNewFile } from "@holdfast/disk/write-durably";

export interface FsPutOptions {
  readonly disk: Disk;
  /** Objects are in `objects/`, unfinished ones in `tmp/`. */
  readonly folder: string;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly nowMs: () => number;
  /**
   * Name of the store in the error about a missing folder, which then contains path and reason. undefined: users of a
   * server see the error, so the path is only in its cause.
   */
  readonly called?: string | undefined;
}

/** Writes to `path`, which is in `objects/` of that folder. */
export type FsPut = (path: string, bytes: Uint8Array | readonly Uint8Array[]) => Promise<void>;

const fileMode = 0o600;
const folderMode = 0o700;
/** An older temporary file is a crash leftover. A younger one may belong to another process that shares the folder. */
const leftoverAgeMs = 3600_000;

/**
 * Creates the store at the first put: an empty folder may be an unmounted disk's mount point, where reading must leave
 * nothing.
 */
export async function openFsPut({ disk, folder, random, nowMs, called }: FsPutOptions): Promise<FsPut> {
  const objects = join(folder, "objects");
  const unfinished = join(folder, "tmp");
  const folders = makeFolderMemory(disk);
  const store = makeOnce(async () => {
    await folders.ensure(objects);
    // Its name needs no sync, because its content is temporary.
    await ensureFolder(disk, unfinished);
    await removeLeftovers(disk, unfinished, nowMs() - leftoverAgeMs);
  });
  if (await isThere(disk, objects)) await store.make();

  return async (path, bytes) => {
    const temporary = join(unfinished, Buffer.from(random(16)).toString("hex"));
    try {
      await store.make();
      // Written first, to a folder that is not recreated: nothing is created below a vanished disk.
      await writeNewFile(disk, temporary, bytes, { mode: fileMode });
      await ensureOrDiscard(disk, folders, dirname(path), temporary);
      await moveDurably(disk, temporary, path);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== "not_found") throw error;
      // A store restored from a copy may lack empty or newer folders.
      folders.forget(dirname(path));
      if (await isThere(disk, objects)) store.forget();
      throw folderGoneError(error, called);
    }
  };
}

/** Repeats until the first success. */
function makeOnce(make: () => Promise<void>) {
  let made: Promise<void> | undefined;
  const forget = (): void => void (made = undefined);
  return {
    forget,
    make(): Promise<void> {
      made ??= make().catch((error: unknown) => {
        forget();
        throw error;
      });
      return made;
    },
  };
}

/** A put pays for each folder only once. */
function makeFolderMemory(disk: Disk) {
  const ensured = new Map<string, Promise<void>>();
  return {
    async ensure(folder: string): Promise<void> {
      const made = ensured.get(folder) ?? ensureFolderDurably(disk, folder, { mode: folderMode });
      ensured.set(folder, made);
      try {
        await made;
      } catch (error) {
        ensured.delete(folder);
        throw error;
      }
    },
    forget: (folder: string): void => void ensured.delete(folder),
  };
}

async function ensureOrDiscard(
  disk: Disk,
  folders: Pick<ReturnType<typeof makeFolderMemory>, "ensure">,
  folder: string,
  temporary: string,
): Promise<void> {
  try {
    await folders.ensure(folder);
  } catch (error) {
    await Promise.allSettled([disk.unlink(temporary)]);
    throw error;
  }
}

async function ensureFolder(disk: Disk, folder: string): Promise<void> {
  try {
    await disk.mkdir(folder, { mode: folderMode });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== "exists") throw error;
  }
}

async function removeLeftovers(disk: Disk, folder: string, beforeMs: number): Promise<void> {
  for await (const { name } of disk.list(folder)) {
    const path = join(folder, name);
    try {
      const { mtimeMicros } = await disk.stat(path);
      if (mtimeMicros < BigInt(Math.trunc(beforeMs)) * 1000n) await disk.unlink(path);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function folderGoneError(cause: HoldfastError, called: string | undefined): HoldfastError {
  const what =
    called === undefined
      ? "The store is not available: its folder is missing."
      : `${called} is not available: ${cause.message}`;
  return new HoldfastError("unavailable", `${what} Is its disk mounted? Try again when it is back.`, { cause });
}
