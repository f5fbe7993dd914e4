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
 * Takes over a cluster of another user: `nobody`, who ran it in older versions, or root, who copied it. No process of
 * it may run. The folder itself is changed last, so that the next start continues after an interruption. The former
 * owner could write there, so paths are not trusted: only opened files are changed, without following links, in folders
 * that were opened before. Anything except files and folders, and files with a second name, is left alone.
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

/** @returns the paths that were left */
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
