import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** No other code may open this file, because closing it ends the lock of the whole process. */
export const folderLockName = "lock.sqlite";

/**
 * SQLite's lock on a file that is never written. The kernel releases it when the process ends, so there are no stale
 * locks.
 * @returns the lock to close; undefined if another process holds it
 * @throws errors of SQLite
 */
export function lockFolder(folder: string): DatabaseSync | undefined {
  const path = join(folder, folderLockName);
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec("pragma journal_mode = off");
    lock.exec("begin exclusive");
    chmodSync(path, 0o600);
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 5;
}
