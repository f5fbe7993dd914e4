import { closeSync, openSync, statSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import { errnoOf } from "@holdfast/disk/disk-error";

/** May be replaced during work, by a mount or a move. */
export interface KnownFolder {
  readonly path: string;
  /** Device and inode, which survive moves of the folder. */
  readonly id: string;
  /** False if the path leads to another folder. */
  isHere(): boolean;
  close(): void;
}

export function knowFolder(path: string): KnownFolder {
  let held = holdOpen(path);
  const id = idOf(path);
  return {
    path,
    id,
    isHere() {
      try {
        return idOf(path) === id;
      } catch (error) {
        // A disk that does not respond for a while is not another folder.
        return errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR";
      }
    },
    close: () => {
      if (held !== undefined) closeSync(held);
      held = undefined;
    },
  };
}

/** Keeps the inode from being reused. */
function holdOpen(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    // Windows cannot open folders.
    return undefined;
  }
}

/** Follows symbolic links. */
export function idOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

export interface FolderWatch {
  /** Rejects when a folder was replaced; never resolves. */
  readonly replaced: Promise<never>;
  /** Checks now, not only every two seconds. @returns true if all folders are in place */
  look(): boolean;
  close(): void;
}

const lookEveryMs = 2000;

/** @param onReplaced called once, before `replaced` rejects */
export function watchFolders(folders: readonly KnownFolder[], onReplaced: (error: HoldfastError) => void): FolderWatch {
  const replaced = Promise.withResolvers<never>();
  replaced.promise.catch(() => {});
  let found: KnownFolder | undefined;
  const look = (): boolean => {
    if (found !== undefined) return false;
    found = folders.find((folder) => !folder.isHere());
    if (found === undefined) return true;
    const error = replacedFolder(found.path);
    onReplaced(error);
    replaced.reject(error);
    return false;
  };
  const timer = setInterval(look, lookEveryMs).unref();
  const close = (): void => {
    clearInterval(timer);
    for (const folder of folders) folder.close();
  };
  return { replaced: replaced.promise, look, close };
}

function replacedFolder(path: string): HoldfastError {
  return new HoldfastError(
    "failed",
    `${path} is no longer the folder that this server started with: it was moved away or replaced, or another disk was mounted there. ` +
      "The server stops immediately and writes nothing more. Committed data is safe in the folder that it started with. " +
      `Put the right folder or disk at ${path}, then start again.`,
  );
}
