import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { silent } from "../admin-storage/open-admin-storage.ts";
import { folderLockName, lockFolder } from "../../base/data-folder/folder-lock.ts";
import { clusterFolderOf } from "../../base/db/embedded/cluster.ts";
import { removeShortFolder } from "../../base/db/embedded/endpoint.ts";
import { readPostmasterFile, stopLeftover, stopProcessesNow } from "../../base/db/embedded/leftover.ts";

export const drillDataName = "data";

/** Contains people's files, so it must not outlive the drill. */
export interface DrillScratch {
  readonly path: string;
  remove(): Promise<void>;
  /** For a process about to exit. @returns false if something is left */
  removeNow(): boolean;
}

/** First removes leftovers of this user's killed drills. The new folder is locked. */
export async function makeScratch(parent: string): Promise<DrillScratch> {
  for (const name of readdirSync(parent)) if (isName.test(name)) await removeLeftover(join(parent, name));
  const path = await mkdtemp(join(parent, prefix));
  const lock = lockFolder(path);
  return {
    path,
    remove: async () => {
      lock?.close();
      await removeScratch(path);
    },
    removeNow: () => {
      lock?.close();
      return removeScratchNow(path);
    },
  };
}

const prefix = "holdfast-drill-";
/** Names by `mkdtemp`. Those of scheduled drills are longer, and their server removes them. */
const isName = new RegExp(`^${prefix}[A-Za-z0-9]{6}$`);

async function removeLeftover(path: string): Promise<void> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined || !status.isDirectory() || status.uid !== (process.getuid?.() ?? status.uid)) return;
  const names = readdirSync(path);
  // An empty folder has just been created, and is not locked yet.
  if (names.length === 0 || !names.every((name) => name === drillDataName || name.startsWith(folderLockName))) return;
  const lock = lockFolder(path);
  if (lock === undefined) return;
  lock.close();
  await removeScratch(path);
}

/** The database of a killed drill may still run. */
export async function removeScratch(scratch: string): Promise<void> {
  const cluster = clusterFolderOf(join(scratch, drillDataName));
  removeShortFolder(readPostmasterFile(cluster)?.socketFolder ?? "");
  await stopLeftover(cluster, silent);
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}

function removeScratchNow(scratch: string): boolean {
  const cluster = clusterFolderOf(join(scratch, drillDataName));
  removeShortFolder(readPostmasterFile(cluster)?.socketFolder ?? "");
  try {
    // Threads of this process may still write a file.
    if (stopProcessesNow(cluster)) rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch {
    // The caller reports that the folder still exists.
  }
  return !existsSync(scratch);
}
