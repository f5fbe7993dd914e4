import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { isGeneration } from "@holdfast/sync/execute/generation";
import { ownerOfPart } from "@holdfast/sync/execute/write-large";
import { clockPath, markerPath, ownFolder, ownFolders, quarantineName } from "@holdfast/sync-ports/paths";
import { lockFolder } from "@holdfast/synced-folder/lock-folder";
import { type KnownSync, readKnownSyncs } from "./known-syncs.ts";
import { realRoot } from "./choose-syncs.ts";
import { readMarker } from "./sync-root.ts";

export interface ForgottenSync {
  readonly root: string;
  /** Folders in `.holdfast` with user files. */
  readonly kept: readonly string[];
}

/**
 * Touches no user file, not even in `.holdfast`, where the only copy may be. May be repeated.
 * @throws HoldfastError locked while the client is running; not_found if the folder is not synced
 */
export async function forgetSync(configFolder: string, given: string): Promise<ForgottenSync> {
  const root = await realRoot(given);
  const known = (await readKnownSyncs(configFolder)).filter(({ record }) => record.root === root);
  const isMarked = (await readMarker(root)) !== undefined;
  if (known.length === 0 && !isMarked) {
    throw new HoldfastError("not_found", `${root} is not synced.`);
  }
  // A missing folder may be on an unmounted disk, so only the configuration changes.
  const lock = existsSync(join(root, ownFolder)) ? lockFolder(root) : undefined;
  try {
    if (lock !== undefined) return await forgetHeld(root, known);
    for (const { folder } of known) await rm(folder, { recursive: true });
    return { root, kept: [] };
  } finally {
    lock?.release();
  }
}

export async function forgetHeld(root: string, known: readonly KnownSync[]): Promise<ForgottenSync> {
  for (const { folder } of known) await rm(folder, { recursive: true });
  await rm(join(root, markerPath), { force: true });
  await rm(join(root, clockPath), { force: true });
  await keepAside(root);
  const kept = await emptied(root);
  if (kept.length === 0) await rm(join(root, ownFolder, "lock"), { force: true });
  await rmdir(join(root, ownFolder)).catch(ignoreNotEmpty);
  return { root, kept };
}

/**
 * Moves temporary files to the trash. They were replaced while a program had them open, and may have been written
 * since.
 */
async function keepAside(root: string): Promise<void> {
  const temporary = join(root, ownFolders.temporary);
  const own = existsSync(join(root, ownFolder)) ? await readdir(join(root, ownFolder)) : [];
  for (const name of own.filter(isGeneration)) await rm(join(root, ownFolder, name), { force: true });
  for (const name of existsSync(temporary) ? await readdir(temporary) : []) {
    if (ownerOfPart(name) !== undefined) continue;
    await mkdir(join(root, ownFolders.trash), { recursive: true });
    await rename(join(temporary, name), join(root, ownFolders.trash, name));
  }
  await rm(temporary, { recursive: true, force: true });
}

/** Removes empty folders. @returns the others */
async function emptied(root: string): Promise<string[]> {
  const kept: string[] = [];
  for (const folder of [ownFolders.trash, ownFolders.parked, `${ownFolder}/${quarantineName}`]) {
    const path = join(root, folder);
    if (!existsSync(path)) continue;
    if ((await readdir(path)).length > 0) kept.push(path);
    else await rmdir(path);
  }
  return kept;
}

function ignoreNotEmpty(thrown: unknown): void {
  const errno: unknown = thrown instanceof Error ? Reflect.get(thrown, "code") : undefined;
  if (errno !== "ENOTEMPTY" && errno !== "EEXIST") throw thrown;
}
