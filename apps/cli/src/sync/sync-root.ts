import { mkdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, parse, resolve, sep } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { shellWord } from "@holdfast/core/shell-word";
import { markerPath } from "@holdfast/sync-ports/paths";
import type { KnownSync } from "./known-syncs.ts";

const markerBytesMax = 4096;

/**
 * Creates a missing folder.
 * @param isPrivate mode of a new folder
 * @returns the path without links
 * @throws HoldfastError usage, not_found or failed if it cannot be a root
 */
export async function prepareRoot(folder: string, configFolder: string, isPrivate: boolean): Promise<string> {
  const path = resolve(folder);
  await makeIfMissing(path, isPrivate ? 0o700 : 0o777);
  return checkRoot(path, configFolder);
}

export async function checkRoot(path: string, configFolder: string): Promise<string> {
  const root = await realpath(path);
  if (!(await stat(root)).isDirectory()) throw new HoldfastError("usage", `${root} is a file, not a folder.`);
  if (root === parse(root).root)
    throw new HoldfastError("usage", `${root} is the whole system. Specify a folder in it.`);
  const ownFolder = await realpath(configFolder).catch(() => configFolder);
  if (isInside(root, ownFolder)) {
    const message = `${ownFolder} contains Holdfast's own login and must not be synced. Choose another folder.`;
    throw new HoldfastError("usage", message);
  }
  return root;
}

/** Returns the future path of a missing folder. @throws HoldfastError not_found */
export async function newRoot(path: string): Promise<string> {
  const above = await realpath(dirname(path)).catch(() => undefined);
  if (above === undefined) throw noParent(path);
  return join(above, basename(path));
}

/**
 * Rejects nested synced folders. A root that was synced before may be inside another, whose client ignores it.
 * @throws HoldfastError failed if a new root is inside a synced folder, or contains one
 */
export async function refuseNested(root: string, syncs: readonly KnownSync[]): Promise<void> {
  const before = syncs.find(({ record }) => record.root === root)?.record.marker ?? undefined;
  if (before === undefined || before !== (await readMarker(root))) await refuseInside(root);
  for (const { record } of syncs) {
    if (record.root === root || !isInside(record.root, root)) continue;
    if ((await readMarker(record.root)) !== undefined) throw nested(root, "contains", record.root);
  }
}

async function refuseInside(root: string): Promise<void> {
  for (let above = dirname(root); above !== dirname(above); above = dirname(above)) {
    if ((await readMarker(above)) !== undefined) throw nested(root, "is in", above);
  }
}

/**
 * Finds the sync by path, or by marker if the folder was moved. If the marker's own folder still exists, this root is a
 * copy.
 */
export async function findSync(root: string, syncs: readonly KnownSync[]): Promise<KnownSync | undefined> {
  const here = syncs.find(({ record }) => record.root === root);
  if (here !== undefined) return here;
  const marker = await readMarker(root);
  const same = marker === undefined ? undefined : syncs.find(({ record }) => record.marker === marker);
  if (same === undefined || (await readMarker(same.record.root)) === marker) return undefined;
  return same;
}

/** @returns undefined without a marker */
export async function readMarker(root: string): Promise<string | undefined> {
  const path = join(root, markerPath);
  try {
    if ((await stat(path)).size > markerBytesMax) return "";
    return await readFile(path, "utf8");
  } catch (thrown) {
    const errno: unknown = thrown instanceof Error ? Reflect.get(thrown, "code") : undefined;
    if (errno === "ENOENT" || errno === "ENOTDIR" || errno === "EACCES") return undefined;
    throw thrown;
  }
}

async function makeIfMissing(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (thrown) {
    const errno: unknown = thrown instanceof Error ? Reflect.get(thrown, "code") : undefined;
    if (errno === "EEXIST") return;
    if (errno !== "ENOENT") throw thrown;
    throw noParent(path);
  }
}

function noParent(path: string): HoldfastError {
  return new HoldfastError(
    "not_found",
    `${dirname(path)} does not exist. Create it first, then ${path} can be created in it.`,
  );
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

export function forgetting(root: string): string {
  return `holdfast sync ${shellWord(root)} --forget`;
}

function nested(root: string, how: string, other: string): HoldfastError {
  const message = `${root} ${how} ${other}, which is already synced. A folder can only be synced by one client. To remove the other sync: ${forgetting(other)}`;
  return new HoldfastError("failed", message);
}
