import { join } from "node:path";
import { isNotFound } from "@holdfast/disk/disk-error";
import type { Disk } from "@holdfast/disk/disk";
import type { ObjectEntry } from "./object-store.ts";

/** The disk has few threads, which others use too. */
const statsAtOnce = 16;

/**
 * Lists files below `folder` whose relative path starts with the prefix, in byte order. Memory holds the names of one
 * folder and its parents.
 */
export async function* listFiles(disk: Disk, folder: string, prefix: string, above = ""): AsyncIterable<ObjectEntry> {
  const keys = await listKeys(disk, folder, above);
  const wanted = keys.filter((key) => key.startsWith(prefix) || (key.endsWith("/") && prefix.startsWith(key)));
  for (let next = 0; next < wanted.length;) {
    const key = wanted[next] ?? "";
    if (key.endsWith("/")) {
      yield* listFiles(disk, join(folder, key.slice(above.length)), prefix, key);
      next += 1;
      continue;
    }
    const files = takeFiles(wanted, next);
    const entries = await Promise.all(files.map((file) => look(disk, join(folder, file.slice(above.length)), file)));
    for (const entry of entries) if (entry !== undefined) yield entry;
    next += files.length;
  }
}

/** In byte order, a folder sorts by its name with the slash: `a-b`, `a/c`, `a0`. */
async function listKeys(disk: Disk, folder: string, above: string): Promise<string[]> {
  const keys: string[] = [];
  try {
    for await (const { name, kind } of disk.list(folder)) {
      if (kind === "folder") keys.push(`${above}${name}/`);
      else if (kind === "file") keys.push(`${above}${name}`);
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return keys.toSorted();
}

function takeFiles(keys: readonly string[], from: number): string[] {
  const some = keys.slice(from, from + statsAtOnce);
  const folderAt = some.findIndex((key) => key.endsWith("/"));
  return folderAt === -1 ? some : some.slice(0, folderAt);
}

async function look(disk: Disk, path: string, key: string): Promise<ObjectEntry | undefined> {
  try {
    const { sizeBytes, mtimeMicros } = await disk.stat(path);
    return { key, sizeBytes, modifiedAtMs: Number(mtimeMicros / 1000n) };
  } catch (error) {
    // Deleted since the folder was read.
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
