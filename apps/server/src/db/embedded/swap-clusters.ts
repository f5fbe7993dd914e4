import { existsSync } from "node:fs";
import { readdir, realpath, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { writeFileDurably } from "@holdfast/disk/write-durably";
import { clusterFolderOf, versionOf } from "./cluster.ts";

/** The folder in which an upgrade makes the new cluster: a data folder of its own, with nothing but a database. */
export function upgradeFolderOf(dataFolder: string): string {
  return join(dataFolder, "postgres-upgrade");
}

/** Where the cluster of an earlier major version stays after it was upgraded. */
export function oldClusterOf(dataFolder: string, major: string): string {
  return join(dataFolder, `${oldPrefix}${major}`);
}

const oldPrefix = "postgres.old-";

/** Stands in the upgrade's folder from when the new cluster is durable and compared. */
const markerName = "whole";

/**
 * Puts the new cluster, which is durable, in the place of the old one. Between the two renames there is none: the marker says then that the
 * new one counts, and whoever opens the data folder next ends what was begun (`finishUpgrade`).
 * @param at is told what is durable by then
 */
export async function swapClusters(
  dataFolder: string,
  { major, random, at }: { readonly major: string; readonly random: Random; readonly at: (step: string) => void },
): Promise<void> {
  const work = upgradeFolderOf(dataFolder);
  await writeFileDurably(nodeDisk, join(work, markerName), Buffer.from(`${major}\n`), {
    mode: 0o600,
    random: (sizeBytes) => random(sizeBytes),
  });
  await nodeDisk.syncFolder(dataFolder);
  at("marked");
  await rename(clusterFolderOf(dataFolder), oldClusterOf(dataFolder, major));
  await nodeDisk.syncFolder(dataFolder);
  at("old aside");
  await putInPlace(dataFolder);
  at("swapped");
  await removeEmptied(work);
}

/** Ends an upgrade that was cut off while it swapped the clusters; of one that was cut off before nothing is touched. */
export async function finishUpgrade(dataFolder: string): Promise<void> {
  const work = upgradeFolderOf(dataFolder);
  if (!existsSync(join(work, markerName))) return;
  if (!existsSync(clusterFolderOf(dataFolder))) await putInPlace(dataFolder);
  if (!existsSync(clusterFolderOf(work))) await removeEmptied(work);
}

/** The marker last: by it the next start knows that the rest is to go. */
async function removeEmptied(work: string): Promise<void> {
  for (const name of await readdir(work)) {
    if (name !== markerName) await rm(join(work, name), { recursive: true, force: true });
  }
  await rm(work, { recursive: true, force: true });
}

/** Whether there is a database, or will be once `finishUpgrade` was called. */
export function hasCluster(dataFolder: string): boolean {
  return existsSync(clusterFolderOf(dataFolder)) || existsSync(join(upgradeFolderOf(dataFolder), markerName));
}

async function putInPlace(dataFolder: string): Promise<void> {
  const work = upgradeFolderOf(dataFolder);
  await rename(clusterFolderOf(work), clusterFolderOf(dataFolder));
  await nodeDisk.syncFolder(dataFolder);
  await nodeDisk.syncFolder(work);
}

/** Removes the clusters that upgrades have left. @returns their names */
export async function removeOldClusters(dataFolder: string): Promise<string[]> {
  const names = await listOldClusters(dataFolder);
  for (const name of names) await removeCluster(join(dataFolder, name));
  return names;
}

/** Where somebody has put the database on another disk by a symbolic link, what that leads to goes as well. */
async function removeCluster(path: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 5 } as const;
  const folder = await realpath(path).catch(() => path);
  if (folder !== path && versionOf(folder) !== undefined) await rm(folder, options);
  await rm(path, options);
}

/** The names of the clusters that upgrades have left in the data folder. */
export async function listOldClusters(dataFolder: string): Promise<string[]> {
  if (!existsSync(dataFolder)) return [];
  return (await readdir(dataFolder)).filter((name) => name.startsWith(oldPrefix));
}
