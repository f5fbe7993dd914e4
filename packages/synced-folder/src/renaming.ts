import { HoldfastError } from "@holdfast/core/errors";
import { errnoOf } from "./folder-error.ts";
import { removeFolderFlag, renameExchange, renameNoReplace } from "./native.ts";
import type { NativeName } from "./native.ts";
import type { RootFolder } from "./root-folder.ts";

/**
 * Never over anything. Where the filesystem does not know such a rename (NFS, some of FUSE), a file gets its new name before
 * it loses the old one, and a folder takes the place of an empty one that was made for it.
 * @throws SystemCallError, EEXIST if `to` is taken; HoldfastError failed where it cannot be done safely
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
        if (errnoOf(thrown) === "EEXIST" && isOneName(root, from, to)) native.rename(source, target, 0);
        else if (isUnsupported(thrown)) renameInSteps(root, { path: from, ...source }, { path: to, ...target });
        else throw thrown;
      }
    }),
  );
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
 * Two spellings of one name where the disk folds case: nothing else can be there. A file with several names might have them
 * side by side, and stays as it is.
 */
function isOneName(root: RootFolder, from: string, to: string): boolean {
  const [source, target] = [root.look(from), root.look(to)];
  const isOne = source.ino === target.ino && source.dev === target.dev;
  return isOne && (source.isDirectory() || source.nlink === 1n);
}

function isUnsupported(thrown: unknown): boolean {
  return ["EINVAL", "ENOSYS", "ENOTSUP"].includes(errnoOf(thrown) ?? "");
}

type Named = NativeName & { readonly path: string };

function renameInSteps(root: RootFolder, source: Named, target: Named): void {
  const { native } = root;
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
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"].includes(errnoOf(thrown) ?? "")) throw thrown;
    const message =
      `The filesystem cannot rename ${source.path} without a risk for what may be at ${target.path}: it knows neither ` +
      "exclusive renames nor hard links. Keep the synced folder on another filesystem.";
    throw new HoldfastError("failed", message, { body: { unsupported: "rename" }, cause: thrown });
  }
  // Who saved another file under the old name in this moment keeps it, and the new name goes again.
  if (root.look(source.path).ino === root.look(target.path).ino) native.removeName(source, 0);
  else {
    native.removeName(target, 0);
    throw new HoldfastError("unavailable", `${source.path} was replaced while it was renamed.`);
  }
}
