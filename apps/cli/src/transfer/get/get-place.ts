import { accessSync, constants, lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import type { Disk } from "@holdfast/disk/disk";
import { ensureFolderDurably } from "@holdfast/disk/write-durably";
import { errnoOf, isNotFound, toDiskError } from "@holdfast/disk/disk-error";
import type { LocalDisk } from "./local-disk.ts";
import { statOf } from "./stat-of.ts";

/** REMOTE becomes `name` in `folderPath`, an existing folder without links in its path. */
export interface GetPlace {
  readonly folderPath: string;
  readonly name: string;
  /** The folder of the first write: REMOTE itself if a folder is merged into an existing one. */
  readonly writtenPath: string;
}

/**
 * A file goes inside LOCAL under its own name if LOCAL is a folder, and anything does if LOCAL ends in a slash.
 * Otherwise REMOTE becomes LOCAL. Links in the path to LOCAL belong to the caller and are followed.
 * @param disk creates a missing folder; undefined: creates nothing
 */
export async function placeOf(
  disk: Disk | undefined,
  local: string,
  node: { readonly kind: string; readonly name: string },
): Promise<GetPlace> {
  const path = resolve(local);
  const there = lstatSync(path, { throwIfNoEntry: false });
  const endsInSlash = /[/\\]$/.test(local);
  const leadsToFolder = there !== undefined && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (endsInSlash && there !== undefined && !leadsToFolder)
    throw new HoldfastError("conflict", `${local} is not a folder.`);
  const isRoot = node.name === "";
  const goesInside = !isRoot && (endsInSlash || (node.kind !== "folder" && leadsToFolder));
  const folder = goesInside ? path : dirname(path);
  const isMerged = !goesInside && node.kind === "folder" && there?.isDirectory() === true;
  if (disk === undefined) assertWritable(isMerged ? path : folder);
  else await ensureFolderDurably(disk, folder);
  // With a trailing slash, a link at LOCAL refers to its target folder.
  if (endsInSlash && isRoot && leadsToFolder) {
    const real = realpathSync(path);
    return { folderPath: dirname(real), name: basename(real), writtenPath: real };
  }
  const isThere = disk !== undefined || statSync(folder, { throwIfNoEntry: false }) !== undefined;
  const folderPath = isThere ? realpathSync(folder) : folder;
  const name = goesInside ? node.name : basename(path);
  return { folderPath, name, writtenPath: isMerged ? join(folderPath, name) : folderPath };
}

/**
 * Checks permissions in a dry run, as far as possible without a write.
 * @throws the error that the real run would report
 */
function assertWritable(folder: string): void {
  let [there, missing]: [string, string | undefined] = [folder, undefined];
  while (statSync(there, { throwIfNoEntry: false }) === undefined && dirname(there) !== there)
    [there, missing] = [dirname(there), there];
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (thrown) {
    const error = toDiskError(thrown, "create the folder", missing ?? there);
    throw missing === undefined ? cannotWrite(folder, error) : error;
  }
}

/** True if the filesystem ignores case in names. */
export async function foldsNames(disk: LocalDisk, folder: string, runId: string): Promise<boolean> {
  const name = `.holdfast-part-probe-${runId}`;
  await createProbe(disk, folder, name);
  try {
    return (await statOf(disk, join(folder, name.toUpperCase()))) !== undefined;
  } finally {
    await removeProbe(disk, join(folder, name));
  }
}

/** First file of a get. A failure names the folder, because users do not know the probe's name. */
async function createProbe(disk: LocalDisk, folder: string, name: string): Promise<void> {
  try {
    const file = await disk.createFile(join(folder, name), { mode: 0o600 });
    await file.close();
  } catch (thrown) {
    throw cannotWrite(folder, thrown);
  }
}

function cannotWrite(folder: string, thrown: unknown): unknown {
  const errno = errnoOf(thrown);
  if (errno === undefined || !(thrown instanceof HoldfastError)) return thrown;
  return new HoldfastError(thrown.code, `Cannot write to ${folder} (${errno}).`, { cause: thrown });
}

async function removeProbe(disk: Disk, path: string): Promise<void> {
  try {
    await disk.unlink(path);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}
