import { HoldfastError } from "@holdfast/core/errors";
import { folderOf } from "@holdfast/sync-ports/paths";
import type { LocalDisk, LocalStat } from "@holdfast/sync-ports/ports";

type Found = LocalStat | undefined | HoldfastError;

/** Paths of one folder are read together if the disk supports that. */
export async function statEach(disk: LocalDisk, paths: readonly string[]): Promise<ReadonlyMap<string, Found>> {
  const found = new Map<string, Found>();
  for (const [folder, inIt] of Map.groupBy(paths, folderOf)) {
    const names = inIt.map((path) => path.slice(path.lastIndexOf("/") + 1));
    const stats = disk.statIn === undefined ? await oneByOne(disk, inIt) : await disk.statIn(folder, names);
    for (const [index, path] of inIt.entries()) found.set(path, stats[index]);
  }
  return found;
}

async function oneByOne(disk: LocalDisk, paths: readonly string[]): Promise<readonly Found[]> {
  const stats: Found[] = [];
  for (const path of paths) stats.push(await disk.stat(path).catch(asDiskError));
  return stats;
}

export function asDiskError(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown;
  throw thrown;
}
