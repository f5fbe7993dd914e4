import { randomBytes } from "node:crypto";
import { findEarlierPackage, findPackage, majorOf, type NativePackage } from "../../base/db/embedded/binaries.ts";
import { versionOf, clusterFolderOf } from "../../base/db/embedded/cluster.ts";
import { openDataFolder } from "../../base/data-folder/open-data-folder.ts";
import { upgradeDatabase } from "./upgrade-database.ts";

export function seventeen(): NativePackage {
  const found = findEarlierPackage("17");
  if (found === undefined) throw new Error("PostgreSQL 17 is not installed.");
  return found;
}

/**
 * Converts a data folder's database to the older version in the same way as an upgrade.
 * @param options.at called after each step
 * @param options.freeBytes simulated free space
 */
export async function changeVersion(
  path: string,
  { at, freeBytes }: { readonly at?: (step: string) => void; readonly freeBytes?: number } = {},
): Promise<readonly string[]> {
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
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      ...(freeBytes === undefined ? {} : { freeBytes: async () => freeBytes }),
      at: (step) => {
        steps.push(step);
        at?.(step);
      },
    });
  } finally {
    folder.release();
  }
  return steps;
}

/** Runs as a program that kills itself after the step. */
const [, , path, dieAt] = process.argv;
if (import.meta.main && path !== undefined) {
  await changeVersion(path, {
    at: (step) => {
      if (step === dieAt) process.kill(process.pid, "SIGKILL");
    },
  });
}
