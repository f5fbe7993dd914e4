import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** No other code may open this file: to close it ends the lock of the whole process. */
export const folderLockName = "lock.sqlite";

/**
 * Takes the lock of a folder, which only one process can hold. It is SQLite's on a file that nobody ever writes: the kernel's own lock
 * below it ends with the process, however that ends, so there is no stale one to be cleared by a person.
 * @returns the lock, to be closed; undefined if another process holds it
 * @throws what SQLite throws
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
