import { closeSync, constants, existsSync, fstatSync, openSync } from "node:fs";
import { constants as systemConstants } from "node:os";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { isNotFound, toDiskError } from "@holdfast/disk/disk-error";
import { linux, SystemCallError } from "@holdfast/disk/native";
import type { Native } from "@holdfast/disk/native";
import { asNamed, openFolderBelow, placeOf, placesBelow } from "@holdfast/disk/places";
import type { Places } from "@holdfast/disk/places";
import { folderFlags, RootFolder } from "@holdfast/disk/root-folder";
import type { Openers } from "@holdfast/disk/root-folder";
import { replaced } from "./write-files.ts";
import type { KnownFolder } from "./write-files.ts";

/** The folder outside of which a get never writes. */
export interface TargetFolder {
  readonly places: Places;
  hold(folders: Iterable<KnownFolder>): HeldFolders;
  close(): void;
}

/** Files can be written safely even if the folders' paths are replaced. */
export interface HeldFolders {
  /** Descriptors by path; undefined if the system cannot hold folders, so that each must be checked again. */
  readonly descriptors: ReadonlyMap<string, number> | undefined;
  readonly failures: ReadonlyMap<string, HoldfastError>;
  close(): void;
}

/**
 * On Linux everything is opened relative to this folder, by openat2 or name by name, and never through a link. On other
 * systems, and without /proc, folders are checked before and after: see docs/command.md.
 * @param path without links
 * @param openers replaced in tests, to run without openat2
 */
export function openTarget(path: string, openers: Openers = lazyOpeners): TargetFolder {
  if (process.platform !== "linux") return unheldTarget;
  const descriptor = openRoot(path);
  if (!existsSync(`${placeOf(descriptor)}/.`)) {
    closeSync(descriptor);
    return unheldTarget;
  }
  const root = new RootFolder(path, openers, descriptor);
  return {
    places: placesBelow(root),
    hold: (folders) => holdEach(root, folders),
    close: () => closeSync(descriptor),
  };
}

export const unheldTarget: TargetFolder = {
  places: asNamed,
  hold: () => ({ descriptors: undefined, failures: new Map(), close: () => {} }),
  close: () => {},
};

/** Returns a path to a name in a held folder; the ordinary path if folders cannot be held. */
export function heldPlace({ descriptors }: HeldFolders, folder: string, name: string): string {
  if (descriptors === undefined) return join(folder, name);
  const descriptor = descriptors.get(folder);
  if (descriptor === undefined) throw new HoldfastError("internal", `The folder ${folder} is not open.`);
  return `${placeOf(descriptor)}/${name}`;
}

function openRoot(path: string): number {
  try {
    return openSync(path, folderFlags | constants.O_NOFOLLOW);
  } catch (thrown) {
    throw toDiskError(thrown, "open the folder", path);
  }
}

function holdEach(root: RootFolder<Openers>, folders: Iterable<KnownFolder>): HeldFolders {
  const descriptors = new Map<string, number>();
  const failures = new Map<string, HoldfastError>();
  for (const folder of folders) {
    if (descriptors.has(folder.path) || failures.has(folder.path)) continue;
    try {
      descriptors.set(folder.path, holdOne(root, folder));
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown;
      failures.set(folder.path, thrown);
    }
  }
  const close = (): void => {
    for (const descriptor of descriptors.values()) closeSync(descriptor);
  };
  return { descriptors, failures, close };
}

/** @throws HoldfastError conflict if it is not the folder that was entered */
function holdOne(root: RootFolder<Openers>, { path, device, inode }: KnownFolder): number {
  let descriptor: number;
  try {
    descriptor = openFolderBelow(root, path);
  } catch (thrown) {
    const error = toDiskError(thrown, "open the folder", path);
    throw isNotFound(error) ? replaced(path) : error;
  }
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  if (dev === device && ino === inode) return descriptor;
  closeSync(descriptor);
  throw replaced(path);
}

/** Loads the native calls when the first folder below another one is opened. A get of one file does not need them. */
const lazyOpeners: Openers = {
  openBelow: (...given) => native().openBelow(...given),
  openAbsolute: (...given) => native().openAbsolute(...given),
};

/** Without the native call, folders are opened name by name. */
function native(): Native {
  try {
    return linux();
  } catch {
    throw new SystemCallError("openat2", systemConstants.errno.ENOSYS);
  }
}
