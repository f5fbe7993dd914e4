import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { silent } from "../admin/open-admin-storage.ts";
import { folderLockName, lockFolder } from "../data-folder/folder-lock.ts";
import { clusterFolderOf } from "../db/embedded/cluster.ts";
import { removeShortFolder } from "../db/embedded/endpoint.ts";
import { readPostmasterFile, stopLeftover, stopProcessesNow } from "../db/embedded/leftover.ts";

/** The data folder that is restored, in the scratch folder. */
export const drillDataName = "data";

/** The folder of one `holdfast admin drill`. It holds what people keep on the server, so it never outlives the drill. */
export interface DrillScratch {
  readonly path: string;
  remove(): Promise<void>;
  /** For a process that is about to end: returns when the folder is gone. @returns false if something is left */
  removeNow(): boolean;
}

/** Removes what killed drills of this user left in a folder, then makes and locks a new scratch folder there. */
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
/** As `mkdtemp` makes them. The names of scheduled drills are longer, and their server removes those folders. */
const isName = new RegExp(`^${prefix}[A-Za-z0-9]{6}$`);

async function removeLeftover(path: string): Promise<void> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined || !status.isDirectory() || status.uid !== (process.getuid?.() ?? status.uid)) return;
  const names = readdirSync(path);
  // One that is empty has just been made, and is not locked yet.
  if (names.length === 0 || !names.every((name) => name === drillDataName || name.startsWith(folderLockName))) return;
  const lock = lockFolder(path);
  if (lock === undefined) return;
  lock.close();
  await removeScratch(path);
}

/** Also that of a drill that was killed, whose database may still run. */
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
    // Threads of this process may be about to write their last file.
    if (stopProcessesNow(cluster)) rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch {
    // The caller reports that it is still there.
  }
  return !existsSync(scratch);
}
