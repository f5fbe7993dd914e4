import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  readdirSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { DatabaseLog } from "../database-log.ts";
import type { Account } from "./account.ts";

/**
 * Gives the account a cluster that another user made: `nobody`, whom it ran as once, or root, who copied it. No process of it may run.
 * The folder itself goes last, so that a start that was cut off is gone on with by the next.
 *
 * Whoever was that user could write in there, so no path is believed: what is given is what was opened, not through a link, in the
 * folder that was opened before. What is no file or folder, or has a second name that may stand elsewhere, is left alone.
 */
export function takeOver(clusterFolder: string, account: Account, log: DatabaseLog): void {
  if (account === undefined) return;
  const { uid } = statSync(clusterFolder);
  if (uid === account.uid) return;
  log.info({ from: uid, to: account.uid }, "moving the database to its own system user");
  chownSync(clusterFolder, 0, 0);
  chmodSync(clusterFolder, 0o700);
  const folder = openSync(clusterFolder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const left = giveBelow(folder, clusterFolder, account);
    if (left.length > 0)
      log.warn({ left }, "symbolic links in the database's folder, and their targets, keep their owner");
    give(folder, account, 0o700);
  } finally {
    closeSync(folder);
  }
}

/** @returns the paths of what was left */
function giveBelow(folder: number, path: string, account: NonNullable<Account>): string[] {
  const here = process.platform === "linux" ? `/proc/self/fd/${folder}` : path;
  return readdirSync(here, { withFileTypes: true }).flatMap((entry) => {
    const entryPath = join(path, entry.name);
    if (!entry.isFile() && !entry.isDirectory()) return [entryPath];
    const opened = openSync(join(here, entry.name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return giveOpened(opened, entryPath, account);
    } finally {
      closeSync(opened);
    }
  });
}

function giveOpened(opened: number, path: string, account: NonNullable<Account>): string[] {
  const stats = fstatSync(opened);
  if (stats.isDirectory()) {
    const left = giveBelow(opened, path, account);
    give(opened, account, 0o700);
    return left;
  }
  if (!stats.isFile() || stats.nlink !== 1) return [path];
  give(opened, account, 0o600);
  return [];
}

function give(opened: number, { uid, gid }: NonNullable<Account>, mode: number): void {
  fchownSync(opened, uid, gid);
  fchmodSync(opened, mode);
}
