import { chmodSync, lstatSync } from "node:fs";
import { dirname } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";

interface Warner {
  warn(fields: object, message: string): void;
}

/**
 * Called before a file with a secret is used; it may be missing. If other users may read or write the file, removes
 * their permissions and logs that. Does nothing on Windows, which has no such modes.
 * @throws HoldfastError failed if it belongs to another user or cannot be protected
 */
export function closeToOthers(path: string, log: Warner): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || process.platform === "win32") return;
  const trusted = [0, process.geteuid?.(), lstatSync(dirname(path)).uid];
  if (!trusted.includes(stats.uid)) {
    throw new HoldfastError(
      "failed",
      `${path} belongs to user ${stats.uid}, who can read and change it. Give it to the user that runs the server ` +
        `(chown). If that user is not trusted, also change the secrets in it.`,
    );
  }
  const mode = stats.mode & 0o777;
  if ((mode & 0o077) === 0) return;
  try {
    chmodSync(path, mode & 0o700);
  } catch (error) {
    throw new HoldfastError(
      "failed",
      `Other users can read ${path}, and its mode could not be changed (${(error as Error).message}). Run chmod 600 on it.`,
      {
        cause: error,
      },
    );
  }
  log.warn(
    { path, mode: mode.toString(8) },
    "other users could read a secret; the permissions of its file were restricted",
  );
}
