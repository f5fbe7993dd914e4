import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { errnoOf, isNotFound } from "@holdfast/disk/disk-error";
import type { Disk, DiskReader } from "@holdfast/disk/disk";
import { assertWanted } from "./call-signal.ts";
import { listFiles } from "./fs-list.ts";
import { openFsPut } from "./fs-put.ts";
import type { FsPutOptions } from "./fs-put.ts";
import { assertKey, assertPrefix, assertRange, notFoundError, rangeError } from "./object-key.ts";
import type { ByteRange, ObjectStore } from "./object-store.ts";

/** The first put creates the folder. Each put costs one fdatasync and one folder sync. */
export async function openFsStore(options: FsPutOptions): Promise<ObjectStore> {
  const { disk, folder } = options;
  const objects = join(folder, "objects");
  const put = await openFsPut(options);

  const pathOf = (key: string): string => {
    assertKey(key);
    return join(objects, ...key.split("/"));
  };

  return {
    async put(key, bytes, { signal } = {}) {
      const path = pathOf(key);
      assertWanted(signal);
      await put(path, bytes);
    },

    async get(key, { range, signal, allocate = ownMemory } = {}) {
      const path = pathOf(key);
      assertRange(key, range);
      assertWanted(signal);
      const reader = await openObject(disk, path, key);
      try {
        return await readRange(reader, key, range, allocate);
      } catch (error) {
        // A folder opens for reading and only then fails.
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

async function openObject(disk: Disk, path: string, key: string): Promise<DiskReader> {
  try {
    return await disk.openForRead(path);
  } catch (error) {
    throw isNotFound(error) ? notFoundError(key, error) : error;
  }
}

/** Memory is not zero-filled, because it is read completely or discarded. */
function ownMemory(sizeBytes: number): Uint8Array {
  return Buffer.allocUnsafeSlow(sizeBytes);
}

/** A ranged read is one pread without a size query. */
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
