import { closeSync, readdirSync } from "node:fs";
import { constants as systemConstants } from "node:os";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import {
  type NativeName,
  removeFolderFlag,
  renameExchange,
  renameNoReplace,
  SystemCallError,
} from "@holdfast/disk/native";
import type { Renaming } from "@holdfast/sync-ports/ports";
import { nativeBytes } from "@holdfast/disk/native-name";
import { folderFlags, isName, type RootFolder } from "@holdfast/disk/root-folder";
import { isAbsent } from "./folder-error.ts";

/**
 * Renames without replacing. On a filesystem without such a rename (NFS, some FUSE), a file gets its new name before it
 * loses the old one, and a folder replaces an empty one created for it.
 * @throws SystemCallError EEXIST if `to` is taken
 * @throws HoldfastError failed if it cannot be done safely
 */
export function renameInFolder(root: RootFolder, from: string, to: string): void {
  if (from === to) return void root.look(from);
  if (to.startsWith(`${from}/`)) throw new HoldfastError("failed", `${to} is inside ${from}.`);
  const { native } = root;
  root.withName(from, (source) =>
    root.withName(to, (target) => {
      try {
        native.rename(source, target, renameNoReplace);
      } catch (thrown) {
        if (ownErrnoOf(thrown) === "EEXIST" && isRespelled(root, from, to)) native.rename(source, target, 0);
        else if (isUnsupported(thrown)) renameInSteps(root, { path: from, ...source }, { path: to, ...target });
        else throw thrown;
      }
    }),
  );
}

/** Renames of one turn between the same two folders. */
const renamesAtOnce = 256;

/** Renames each like `renameInFolder`, in order. @returns error of each rename */
export function* renameEachInFolder(root: RootFolder, renames: readonly Renaming[]): Generator<unknown[]> {
  for (let start = 0; start < renames.length;) {
    const pair = foldersOf(renames[start]);
    let end = start + 1;
    while (end < renames.length && end - start < renamesAtOnce && isSamePair(foldersOf(renames[end]), pair)) end += 1;
    yield renameBetween(root, pair, renames.slice(start, end));
    start = end;
  }
}

interface Pair {
  readonly from: string;
  readonly to: string;
}

function foldersOf(renaming: Renaming | undefined): Pair {
  return { from: folderAndName(renaming?.from ?? "").folder, to: folderAndName(renaming?.to ?? "").folder };
}

function isSamePair(one: Pair, other: Pair): boolean {
  return one.from === other.from && one.to === other.to;
}

function renameBetween(root: RootFolder, pair: Pair, renames: readonly Renaming[]): unknown[] {
  const opened: number[] = [];
  const open = (path: string): number => {
    const folder = root.open(path, folderFlags);
    opened.push(folder);
    return folder;
  };
  const alone = ({ from, to }: Renaming): unknown => thrownBy(() => renameInFolder(root, from, to));
  try {
    const [source, target] = [open(pair.from), open(pair.to)];
    return renames.map((renaming) => {
      const [from, to] = [folderAndName(renaming.from).name, folderAndName(renaming.to).name];
      if (!isName(from) || !isName(to)) return alone(renaming);
      const names = [
        { folder: source, name: nativeBytes(from) },
        { folder: target, name: nativeBytes(to) },
      ] as const;
      // The single rename finds the reason or a substitute.
      return thrownBy(() => root.native.rename(...names, renameNoReplace)) === undefined ? undefined : alone(renaming);
    });
  } catch (thrown) {
    if (ownErrnoOf(thrown) === undefined && !(thrown instanceof HoldfastError)) throw thrown;
    return renames.map(alone);
  } finally {
    for (const folder of opened) closeSync(folder);
  }
}

function thrownBy(act: () => void): unknown {
  try {
    act();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

/** @throws SystemCallError; HoldfastError failed with body {unsupported: "exchange"} */
export function exchangeInFolder(root: RootFolder, one: string, other: string): void {
  root.withName(one, (first) =>
    root.withName(other, (second) => {
      try {
        root.native.rename(first, second, renameExchange);
      } catch (thrown) {
        if (!isUnsupported(thrown) || one.startsWith(`${other}/`) || other.startsWith(`${one}/`)) throw thrown;
        const message = `The filesystem cannot exchange two names in one step (${one}, ${other}).`;
        throw new HoldfastError("failed", message, { body: { unsupported: "exchange" }, cause: thrown });
      }
    }),
  );
}

/**
 * True for two spellings of one name on a case-folding disk. A file with several hard links might have both names, so
 * it is excluded.
 */
function isOneName(root: RootFolder, from: string, to: string): boolean {
  const [source, target] = [root.look(from), root.look(to)];
  const isOne = source.ino === target.ino && source.dev === target.dev;
  return isOne && (source.isDirectory() || source.nlink === 1n);
}

function isUnsupported(thrown: unknown): boolean {
  return ["EINVAL", "ENOSYS", "ENOTSUP"].includes(ownErrnoOf(thrown) ?? "");
}

/** Also detects a disk with an inode number per spelling, by listing the folder. */
function isRespelled(root: RootFolder, from: string, to: string): boolean {
  if (isOneName(root, from, to)) return true;
  const [source, target] = [folderAndName(from), folderAndName(to)];
  const fold = (name: string): string => name.normalize("NFC").toUpperCase().toLowerCase();
  if (source.folder !== target.folder || fold(source.name) !== fold(target.name)) return false;
  const names = readdirSync(join(root.path, source.folder));
  return names.includes(source.name) && !names.includes(target.name);
}

function folderAndName(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { folder: path.slice(0, Math.max(0, slash)), name: path.slice(slash + 1) };
}

function isTaken(root: RootFolder, path: string): boolean {
  try {
    root.look(path);
    return true;
  } catch (thrown) {
    if (isAbsent(thrown)) return false;
    throw thrown;
  }
}

type Named = NativeName & { readonly path: string };

function renameInSteps(root: RootFolder, source: Named, target: Named): void {
  const { native } = root;
  if (isTaken(root, target.path) && isRespelled(root, source.path, target.path))
    return native.rename(source, target, 0);
  if (root.look(source.path).isDirectory()) {
    native.makeFolder(target);
    try {
      native.rename(source, target, 0);
    } catch (thrown) {
      native.removeName(target, removeFolderFlag);
      throw thrown;
    }
    return;
  }
  try {
    native.makeHardLink(source, target);
  } catch (thrown) {
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"].includes(ownErrnoOf(thrown) ?? "")) throw thrown;
    // A file created between these two calls is not detected.
    if (isTaken(root, target.path)) throw new SystemCallError("renameat2", systemConstants.errno.EEXIST);
    return native.rename(source, target, 0);
  }
  // Another file saved under the old name at this moment stays, and the new name is removed.
  if (root.look(source.path).ino === root.look(target.path).ino) native.removeName(source, 0);
  else {
    native.removeName(target, 0);
    throw new HoldfastError("unavailable", `${source.path} was replaced while it was renamed.`);
  }
}
