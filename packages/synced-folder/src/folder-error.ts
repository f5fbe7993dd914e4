import { HoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import { ownErrnoOf } from "@holdfast/disk/disk-error";

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "not_found",
  // A file, or a link instead of a folder, is on the path, so the item does not exist.
  ENOTDIR: "not_found",
  EEXIST: "exists",
  ENOSPC: "store_full",
  EDQUOT: "store_full",
  EACCES: "failed",
  EPERM: "failed",
  EROFS: "failed",
  EISDIR: "failed",
  ENOTEMPTY: "failed",
  EINVAL: "failed",
  ELOOP: "failed",
  EXDEV: "failed",
  ENAMETOOLONG: "failed",
  EFBIG: "failed",
  ENOTSUP: "failed",
};

const advice: Readonly<Record<string, string>> = {
  ENOSPC: "Free some space on that disk.",
  EDQUOT: "Free some space, or ask for a larger quota on that disk.",
  EACCES: "Give the user that runs the sync read and write permission there (chmod, chown).",
  EPERM: "Check its owner and attributes (lsattr); some filesystems do not support this operation.",
  EROFS: "The filesystem is mounted read-only: mount it for writing, or check the system's log for damage.",
  ENAMETOOLONG: "Use a shorter name or fewer nested folders.",
  ENOTEMPTY: "The folder is not empty.",
  ELOOP: "Its path contains a symbolic link.",
  EXDEV: "It is on a different filesystem than the synced folder.",
  EMFILE: "The process has too many open files: raise its limit (ulimit -n).",
};

/**
 * Converts an error of a changing call; the original is the cause. Unknown errors become `unavailable`, because they
 * must never look like an absence.
 * @param action a verb: "create", "rename"
 */
export function toFolderError(thrown: unknown, action: string, path: string): unknown {
  const errno = ownErrnoOf(thrown);
  if (errno === undefined) return thrown;
  return new HoldfastError(codes[errno] ?? "unavailable", sentence(errno, action, path), { cause: thrown });
}

/** Converts an error of a reading call. Anything not certainly absent is unreadable. */
export function toLookError(thrown: unknown, action: string, path: string): unknown {
  const errno = ownErrnoOf(thrown);
  if (errno === undefined) return thrown;
  const code = codes[errno] === "not_found" ? "not_found" : "unavailable";
  const body = errno === "EACCES" ? { denied: true } : {};
  return new HoldfastError(code, sentence(errno, action, path), { cause: thrown, body });
}

export function isAbsent(thrown: unknown): boolean {
  const errno = ownErrnoOf(thrown);
  return errno === "ENOENT" || errno === "ENOTDIR";
}

function sentence(errno: string, action: string, path: string): string {
  const next = advice[errno] ?? "If the problem remains, check the disk and the system's log.";
  return `Could not ${action} ${path === "" ? "the synced folder" : path} (${errno}). ${next}`;
}
