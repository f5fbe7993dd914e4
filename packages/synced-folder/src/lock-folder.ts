import { closeSync, constants, ftruncateSync, lstatSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { toFolderError } from "./folder-error.ts";
import { linux } from "@holdfast/disk/native";

export interface FolderLock {
  readonly release: () => void;
}

/**
 * Locks a folder for one client. The kernel lock on an open file ends with the process, so it is never stale. The file
 * stays: two clients that created one each would both hold a lock.
 * @throws HoldfastError `locked` with body {folder, pid} if another client has it; errors of `openSyncedFolder`
 */
export function lockFolder(rootPath: string): FolderLock {
  const native = linux();
  const path = join(rootPath, ".holdfast", "lock");
  let descriptor: number | undefined;
  try {
    makeOwnFolder(join(rootPath, ".holdfast"));
    descriptor = openSync(
      path,
      constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      0o600,
    );
    native.lockExclusively(descriptor);
    ftruncateSync(descriptor, 0);
    // Only for the next client's message.
    writeSync(descriptor, `${process.pid}\n`, 0);
  } catch (thrown) {
    const holder = descriptor === undefined ? undefined : holderOf(descriptor);
    if (descriptor !== undefined) closeSync(descriptor);
    throw ownErrnoOf(thrown) === "EAGAIN" ? inUse(rootPath, holder) : unusable(rootPath, thrown);
  }
  const held = descriptor;
  let isHeld = true;
  return {
    release: () => {
      if (isHeld) closeSync(held);
      isHeld = false;
    },
  };
}

/** Private, because its content may belong to private files. */
function makeOwnFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (thrown) {
    if (ownErrnoOf(thrown) !== "EEXIST") throw thrown;
    // A link here would let users with write access redirect all writes and removals.
    if (lstatSync(path).isDirectory()) return;
    throw new HoldfastError("failed", `${path} is not a folder. No files were changed; move it away and start again.`);
  }
}

function holderOf(descriptor: number): number | undefined {
  const pid = Number(readFileSync(descriptor, "utf8"));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

function inUse(folder: string, pid: number | undefined): HoldfastError {
  const holder = pid === undefined ? "" : ` (process ${pid})`;
  return new HoldfastError(
    "locked",
    `The folder ${folder} is already being synced by another client${holder}. Stop that client first.`,
    {
      body: { folder, ...(pid === undefined ? {} : { pid }) },
    },
  );
}

function unusable(folder: string, thrown: unknown): unknown {
  if (ownErrnoOf(thrown) !== "ENOLCK" && ownErrnoOf(thrown) !== "ENOTSUP") return toFolderError(thrown, "lock", folder);
  const message = `The filesystem of ${folder} does not support locks, so two clients could sync it at the same time. Use another filesystem.`;
  return new HoldfastError("failed", message, { cause: thrown });
}
