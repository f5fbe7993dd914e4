import { randomBytes } from "node:crypto";
import { findEarlierPackage, findPackage, majorOf, type NativePackage } from "../db/embedded/binaries.ts";
import { versionOf, clusterFolderOf } from "../db/embedded/cluster.ts";
import { openDataFolder } from "../data-folder/open-data-folder.ts";
import { upgradeDatabase } from "./upgrade-database.ts";

/** The PostgreSQL of before, which is installed for the tests. */
export function seventeen(): NativePackage {
  const found = findEarlierPackage("17");
  if (found === undefined) throw new Error("PostgreSQL 17 is not installed.");
  return found;
}

/**
 * Makes the database of a data folder one of the other version, by the same way as an upgrade does it.
 * @param dieAt the step after which this process is to be gone at once
 */
export async function changeVersion(path: string, dieAt?: string, freeBytes?: number): Promise<readonly string[]> {
  const folder = await openDataFolder(path);
  const steps: string[] = [];
  try {
    const [old, own] = [seventeen(), findPackage()];
    const isOld = versionOf(clusterFolderOf(folder.path)) === majorOf(old.version);
    const [from, to] = isOld ? [old, own] : [own, old];
    await upgradeDatabase({
      dataFolder: folder.path,
      from,
      to,
      random: randomBytes,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      ...(freeBytes === undefined ? {} : { freeBytes: async () => freeBytes }),
      at: (step) => {
        steps.push(step);
        if (step === dieAt) process.kill(process.pid, "SIGKILL");
      },
    });
  } finally {
    folder.release();
  }
  return steps;
}

const [, , path, dieAt] = process.argv;
if (import.meta.main && path !== undefined) await changeVersion(path, dieAt);
