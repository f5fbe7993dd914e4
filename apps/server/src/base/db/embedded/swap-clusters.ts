import { existsSync } from "node:fs";
import { readdir, realpath, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { writeFileDurably } from "@holdfast/disk/write-durably";
import { clusterFolderOf, versionOf } from "./cluster.ts";

export function upgradeFolderOf(dataFolder: string): string {
  return join(dataFolder, "postgres-upgrade");
}

export function oldClusterOf(dataFolder: string, major: string): string {
  return join(dataFolder, `${oldPrefix}${major}`);
}

const oldPrefix = "postgres.old-";

/** Shows that the new cluster is durable and verified. */
const markerName = "whole";

/**
 * Between the two renames there is no cluster; the marker shows that the new, durable one counts, and the next start
 * completes the swap (`finishUpgrade`).
 * @param at called with each durable step
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

/** Completes an interrupted swap. An upgrade that was interrupted before the swap is left alone. */
export async function finishUpgrade(dataFolder: string): Promise<void> {
  const work = upgradeFolderOf(dataFolder);
  if (!existsSync(join(work, markerName))) return;
  if (!existsSync(clusterFolderOf(dataFolder))) await putInPlace(dataFolder);
  if (!existsSync(clusterFolderOf(work))) await removeEmptied(work);
}

/** The marker stays to the end, because the next start needs it. */
async function removeEmptied(work: string): Promise<void> {
  for (const name of await readdir(work)) {
    if (name !== markerName) await rm(join(work, name), { recursive: true, force: true });
  }
  await rm(work, { recursive: true, force: true });
}

/** True also if there will be a database after `finishUpgrade`. */
export function hasCluster(dataFolder: string): boolean {
  return existsSync(clusterFolderOf(dataFolder)) || existsSync(join(upgradeFolderOf(dataFolder), markerName));
}

async function putInPlace(dataFolder: string): Promise<void> {
  const work = upgradeFolderOf(dataFolder);
  await rename(clusterFolderOf(work), clusterFolderOf(dataFolder));
  await nodeDisk.syncFolder(dataFolder);
  await nodeDisk.syncFolder(work);
}

/** @returns their names */
export async function removeOldClusters(dataFolder: string): Promise<string[]> {
  const names = await listOldClusters(dataFolder);
  for (const name of names) await removeCluster(join(dataFolder, name));
  return names;
}

/** A database on another disk is a symbolic link, whose target is removed too. */
async function removeCluster(path: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 5 } as const;
  const folder = await realpath(path).catch(() => path);
  if (folder !== path && versionOf(folder) !== undefined) await rm(folder, options);
  await rm(path, options);
}

export async function listOldClusters(dataFolder: string): Promise<string[]> {
  if (!existsSync(dataFolder)) return [];
  return (await readdir(dataFolder)).filter((name) => name.startsWith(oldPrefix));
}
