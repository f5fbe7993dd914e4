import { dirname, join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { errnoOf, isNotFound } from "@holdfast/disk/disk-error";
import type { Disk, DiskReader } from "@holdfast/disk/disk";
import { ensureFolderDurably, moveDurably, writeNewFile } from "@holdfast/disk/write-durably";
import { assertWanted } from "./call-signal.ts";
import { listFiles } from "./fs-list.ts";
import { assertKey, assertPrefix, assertRange, notFoundError, rangeError } from "./object-key.ts";
import type { ByteRange, ObjectStore } from "./object-store.ts";

export interface FsStoreOptions {
  readonly disk: Disk;
  /** Absolute. Objects lie in `objects/` below it under their keys, unfinished ones in `tmp/`. */
  readonly folder: string;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly nowMs: () => number;
}

const fileMode = 0o600;
const folderMode = 0o700;
/**
 * A temporary file this old was left by a process that died. Younger ones may be another process's that shares the folder and
 * is writing this moment.
 */
const leftoverAgeMs = 3600_000;

/** Opens, or makes, a store in a folder. Each put costs one fdatasync and one sync of a folder. */
export async function openFsStore({ disk, folder, random, nowMs }: FsStoreOptions): Promise<ObjectStore> {
  const objects = join(folder, "objects");
  const unfinished = join(folder, "tmp");
  const folders = makeFolderMemory(disk);
  await folders.ensure(objects);
  // Whose name needs no sync: nothing in it is ever promised.
  await ensureFolder(disk, unfinished);
  await removeLeftovers(disk, unfinished, nowMs() - leftoverAgeMs);

  const pathOf = (key: string): string => {
    assertKey(key);
    return join(objects, ...key.split("/"));
  };

  return {
    async put(key, bytes, { signal } = {}) {
      const path = pathOf(key);
      assertWanted(signal);
      const temporary = join(unfinished, Buffer.from(random(16)).toString("hex"));
      await folders.ensure(dirname(path));
      try {
        await writeNewFile(disk, temporary, bytes, { mode: fileMode });
        await moveDurably(disk, temporary, path);
      } catch (error) {
        throw isNotFound(error) ? folderGoneError(folder, error) : error;
      }
    },

    async get(key, { range, signal, allocate = ownMemory } = {}) {
      const path = pathOf(key);
      assertRange(key, range);
      assertWanted(signal);
      const reader = await openObject(disk, path, key);
      try {
        return await readRange(reader, key, range, allocate);
      } catch (error) {
        // A folder opens for reading, and only then shows that it is none of our objects.
        throw errnoOf(error) === "EISDIR" ? notFoundError(key, error) : error;
      } finally {
        await reader.close();
      }
    },

    async stat(key, { signal } = {}) {
      const path = pathOf(key);
      assertWanted(signal);
      try {
        const { kind, sizeBytes, mtimeMicros } = await disk.stat(path);
        return kind === "file" ? { sizeBytes, modifiedAtMs: Number(mtimeMicros / 1000n) } : undefined;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },

    async *list(prefix, { signal } = {}) {
      assertPrefix(prefix);
      assertWanted(signal);
      for await (const entry of listFiles(disk, objects, prefix)) {
        assertWanted(signal);
        yield entry;
      }
    },

    async delete(key, { signal } = {}) {
      const path = pathOf(key);
      assertWanted(signal);
      try {
        await disk.unlink(path);
      } catch (error) {
        if (!isNotFound(error) && errnoOf(error) !== "EISDIR") throw error;
      }
    },
  };
}

/** Remembers which folders this process has made sure of, so that a put pays for a folder only once. */
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
  };
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

async function openObject(disk: Disk, path: string, key: string): Promise<DiskReader> {
  try {
    return await disk.openForRead(path);
  } catch (error) {
    throw isNotFound(error) ? notFoundError(key, error) : error;
  }
}

/** Not filled with zeros first: it is read full, or thrown away. */
function ownMemory(sizeBytes: number): Uint8Array {
  return Buffer.allocUnsafeSlow(sizeBytes);
}

/** A ranged read is one pread, without asking for the size first. */
async function readRange(
  reader: DiskReader,
  key: string,
  range: ByteRange | undefined,
  allocate: (sizeBytes: number) => Uint8Array,
): Promise<Uint8Array> {
  const start = range?.start ?? 0;
  const end = range?.end ?? (await reader.stat()).sizeBytes;
  const bytes = allocate(end - start);
  const filled = await reader.readAt(bytes, start);
  if (filled < bytes.length) throw range === undefined ? shortError(key) : rangeError(key, range);
  return bytes;
}

function shortError(key: string): HoldfastError {
  return new HoldfastError("unavailable", `The object ${key} became shorter while it was read. Try again.`);
}

function folderGoneError(folder: string, cause: unknown): HoldfastError {
  const message = `A folder of the store ${folder} has gone while it was in use. Is the disk still mounted?`;
  return new HoldfastError("unavailable", message, { cause });
}
