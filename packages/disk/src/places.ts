import { closeSync, constants } from "node:fs";
import { basename, dirname } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { ownErrnoOf } from "./disk-error.ts";
import { folderFlags } from "./root-folder.ts";
import type { Openers, RootFolder } from "./root-folder.ts";

/** Resolves paths for system calls. A place is valid until `act` has ended. */
export interface Places {
  /** The last name may be a link. */
  withName<Result>(path: string, act: (place: string) => Result | Promise<Result>): Promise<Result>;
  withFolder<Result>(path: string, act: (place: string) => Result | Promise<Result>): Promise<Result>;
}

/** The system follows links in the path. */
export const asNamed: Places = {
  withName: async (path, act) => act(path),
  withFolder: async (path, act) => act(path),
};

/**
 * Paths below an open folder. No link is followed, even one that replaced a folder at this moment.
 * @param root has no link in its path, with which every path starts
 */
export function placesBelow(root: RootFolder<Openers>): Places {
  return {
    withName: (path, act) => {
      if (path === root.path) return withOpen(root, path, folderFlags, (place) => act(`${place}/.`));
      return withOpen(root, dirname(path), folderFlags, (place) => act(`${place}/${basename(path)}`));
    },
    withFolder: (path, act) => withOpen(root, path, constants.O_RDONLY | constants.O_DIRECTORY, act),
  };
}

/** @param descriptors open folders by path */
export function placesIn(descriptors: ReadonlyMap<string, number>): Places {
  const placeIn = (folder: string): string => {
    const descriptor = descriptors.get(folder);
    if (descriptor === undefined) throw new HoldfastError("internal", `The folder ${folder} is not open.`);
    return placeOf(descriptor);
  };
  return {
    withName: async (path, act) => act(`${placeIn(dirname(path))}/${basename(path)}`),
    withFolder: async (path, act) => act(placeIn(path)),
  };
}

/** @throws HoldfastError not_found if a link or file replaces a folder on the path */
export function openFolderBelow(root: RootFolder<Openers>, path: string, flags = folderFlags): number {
  const top = root.path === "/" ? root.path : `${root.path}/`;
  if (path !== root.path && !path.startsWith(top)) throw new HoldfastError("internal", `${path} is not below ${top}.`);
  try {
    return root.open(path.slice(top.length), flags | constants.O_DIRECTORY);
  } catch (thrown) {
    if (!["ELOOP", "ENOTDIR"].includes(ownErrnoOf(thrown) ?? "")) throw thrown;
    const message = `${path} is not a folder, or is below a file or a symbolic link. Symbolic links are not followed.`;
    throw new HoldfastError("not_found", message, { cause: thrown });
  }
}

/** Path by which system calls reach an open file. */
export function placeOf(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}

async function withOpen<Result>(
  root: RootFolder<Openers>,
  path: string,
  flags: number,
  act: (place: string) => Result | Promise<Result>,
): Promise<Result> {
  const descriptor = openFolderBelow(root, path, flags);
  try {
    return await act(placeOf(descriptor));
  } finally {
    closeSync(descriptor);
  }
}
