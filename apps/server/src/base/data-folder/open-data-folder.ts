import { readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { HoldfastError } from "@holdfast/core/errors";
import type { Disk } from "@holdfast/disk/disk";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { ensureFolderDurably } from "@holdfast/disk/write-durably";
import { lockFolder } from "./folder-lock.ts";
import { knowFolder } from "./known-folder.ts";
import { refuseUnfinished } from "./unfinished-restore.ts";

export interface DataFolder {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** False if the path leads to another folder. */
  isHere(): boolean;
  /** Creates or finds a folder that only the server's user can enter. @returns its path after its name is durable */
  privateFolder(name: string): Promise<string>;
  /** Releases the lock. Everything inside must be stopped first. */
  release(): void;
}

/**
 * Creates a missing data folder, and locks it for this process. Its mode is 0700, or 0710 if the server runs as root,
 * because the database uses another user. Everything inside is in private folders or files.
 * @param options.restoring true: also opens a partly restored folder
 * @throws HoldfastError `locked` if another process uses it, `failed` if it cannot be created or is partly restored
 */
export async function openDataFolder(
  path: string,
  { restoring = false }: { readonly restoring?: boolean } = {},
): Promise<DataFolder> {
  const folder = await createFolder(resolve(path));
  const lock = takeLock(folder);
  try {
    if (!restoring) refuseUnfinished(folder);
    writeFileSync(join(folder, holderName), `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    lock.close();
    throw isFull(error) ? full(folder, error) : error;
  }
  const known = knowFolder(folder);
  return {
    path: folder,
    isHere: () => known.isHere(),
    privateFolder: async (name) => {
      const made = join(folder, name);
      await ensureFolderDurably(nodeDisk, made, { mode: 0o700 });
      return made;
    },
    release: () => {
      if (known.isHere()) rmSync(join(folder, holderName), { force: true });
      known.close();
      lock.close();
    },
  };
}

/** Process with the lock. Used only in messages, never trusted. */
const holderName = "server.pid";

/** Makes the folder and its parents durable. An existing folder keeps its mode. */
export async function makeDataFolder(disk: Disk, path: string): Promise<void> {
  await ensureFolderDurably(disk, dirname(path), { mode: 0o755 });
  await ensureFolderDurably(disk, path, { mode: 0o700 });
}

async function createFolder(path: string): Promise<string> {
  try {
    await makeDataFolder(nodeDisk, path);
    if (!statSync(path).isDirectory()) throw new HoldfastError("exists", "it exists and is not a folder");
    return realpathSync(path);
  } catch (error) {
    throw new HoldfastError(
      "failed",
      `The data folder ${path} cannot be created: ${(error as Error).message.replace(/\.$/, "")}. Choose another with --data DIR.`,
      { cause: error },
    );
  }
}

function takeLock(folder: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = lockFolder(folder);
  } catch (error) {
    throw unusable(folder, error);
  }
  if (lock === undefined) throw inUse(folder);
  return lock;
}

function inUse(folder: string): HoldfastError {
  const holder = holderOf(folder);
  return new HoldfastError(
    "locked",
    `The data folder ${folder} is in use by another Holdfast server${holder === undefined ? "" : ` (process ${holder})`}. ` +
      "Stop that server first, or choose another folder with --data DIR.",
    { body: { folder, ...(holder === undefined ? {} : { pid: holder }) } },
  );
}

function holderOf(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, holderName), "utf8"));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    // The holder has not written it yet, or it is not readable. The message then omits it.
    return undefined;
  }
}

/** ENOSPC, or SQLITE_FULL of the lock's file. */
function isFull(error: unknown): boolean {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  return code === "ENOSPC" || errcode === 13;
}

function full(folder: string, error: unknown): HoldfastError {
  return new HoldfastError(
    "store_full",
    `The disk of ${folder} is full, so the server cannot start. Nothing is lost. Free some space on that disk (512 MiB is enough), then start again.`,
    { cause: error },
  );
}

function unusable(folder: string, error: unknown): HoldfastError {
  if (isFull(error)) return full(folder, error);
  return new HoldfastError(
    "failed",
    `The data folder ${folder} cannot be used: ${(error as Error).message}. Its owner must be the user that runs the ` +
      "server; otherwise choose another with --data DIR.",
    { cause: error },
  );
}
