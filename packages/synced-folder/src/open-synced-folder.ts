import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  fsync,
  read,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statfsSync,
  statSync,
  unlink,
} from "node:fs";
import { promisify } from "node:util";
import { SharedWindows } from "@holdfast/codec/shared-windows";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { cutInFolder, inlineBytesMax, type Threads } from "./file-cut.ts";
import { writeParts } from "./file-writing.ts";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { isAbsent, toFolderError, toLookError } from "./folder-error.ts";
import { localFilesystems } from "@holdfast/disk/local-filesystems";
import { nameOfBytes, nativeBytes } from "@holdfast/disk/native-name";
import { makeLike } from "@holdfast/disk/make-like";
import { linux, type Native, type NativeName, openPathOnly, removeFolderFlag } from "@holdfast/disk/native";
import { joinPath } from "@holdfast/sync-ports/paths";
import type { LocalDisk, LocalStat, Renaming } from "@holdfast/sync-ports/ports";
import { exchangeInFolder, renameEachInFolder, renameInFolder } from "./renaming.ts";
import { nodePath, readFlags, RootFolder } from "@holdfast/disk/root-folder";
import { executableMode, privateMode, setMode } from "./modes.ts";
import { toLocalStat } from "./local-stat.ts";
import { MountPoints } from "./mount-points.ts";
import { Turns } from "./turn.ts";

export interface SyncedFolderOptions {
  readonly pool: Threads["pool"];
  /** Default: Linux. Tests remove calls that some filesystems lack. */
  readonly native?: Native;
}

/**
 * Opens a synced folder on a Linux disk. File times are exact to the nanosecond if the filesystem supports that. New
 * items get mode and owner from the umask and the folder.
 * @param rootPath may contain links, unlike paths below it
 * @throws HoldfastError not_found if there is no such folder; failed on another system
 */
export function openSyncedFolder(rootPath: string, { pool, native = linux() }: SyncedFolderOptions): LocalDisk {
  const root = new RootFolder(findFolder(rootPath), native);
  const threads: Threads = { pool, windows: new SharedWindows(windowBytes, pool.threads + 2) };
  const turns = new Turns();
  const mounts = new MountPoints(root.path);
  const look = async <Result>(path: string, act: () => Result): Promise<Result> => {
    await turns.take();
    return attemptLook(path, act);
  };
  const change = async <Result>(action: string, path: string, act: () => Result): Promise<Result> => {
    await turns.take();
    try {
      return act();
    } catch (thrown) {
      throw toFolderError(thrown, action, path);
    }
  };
  return {
    ...together(root, turns, mounts),
    stat: (path) => look(path, () => statOrAbsent(root, mounts, path)),
    list: (path) => look(path, () => listNames(root, path)),
    readLink: (path) => look(path, () => root.withName(path, ({ folder, name }) => targetOf(folder, name, path))),
    cut: async (path, sink) => {
      await turns.take();
      return cutInFolder(root, threads, path, sink);
    },
    readAt: async (path, offset, sizeBytes) =>
      readOpen(root, path, (descriptor) => readWhole(descriptor, offset, sizeBytes)),
    hasWriters: (path) => look(path, () => hasWriters(root, path)),
    create: (path, parts, attributes) => create(root, threads, { path, parts, attributes }),
    symlink: (target, path) =>
      change("create the link", path, () => root.withName(path, (at) => native.makeSymlink(nativeBytes(target), at))),
    mkdir: (path, { isPrivate } = { isPrivate: false }) =>
      change("create the folder", path, () =>
        root.withName(path, (at) => native.makeFolder(at, isPrivate ? 0o700 : 0o777)),
      ),
    setExecutable: (path, executable) =>
      change("set the mode of", path, () => setMode(root, path, (mode) => executableMode(mode, executable), "file")),
    setPrivate: (path, isPrivate) =>
      change("set the mode of", path, () => setMode(root, path, (mode) => privateMode(mode, isPrivate))),
    rename: (from, to) => change("rename", `${from} to ${to}`, () => renameInFolder(root, from, to)),
    exchange: (one, other) => change("exchange", `${one} and ${other}`, () => exchangeInFolder(root, one, other)),
    link: (from, to) =>
      change("link", `${from} to ${to}`, () =>
        root.withName(from, (source) => root.withName(to, (target) => native.makeHardLink(source, target))),
      ),
    supersede: (from, to, inode) =>
      change("replace", `${to} by ${from}`, () => {
        if (statOf(root, to)?.ino !== inode) return false;
        root.withName(from, (source) => root.withName(to, (target) => native.rename(source, target, 0)));
        return true;
      }),
    unlink: (path) => unlinkInThread(root, path),
    rmdir: (path) =>
      change("remove the folder", path, () => root.withName(path, (at) => native.removeName(at, removeFolderFlag))),
    syncFile: (path) => sync(root, path, readFlags, fsyncAsync),
    syncFolder: (path) => sync(root, path, readFlags | constants.O_DIRECTORY, fsyncAsync),
    // Elsewhere, syncfs(2) may make less durable than fsync(2) of each file. FUSE, for example, does not forward it.
    ...(localFilesystems.has(statfsSync(root.path).type) && {
      syncAll: () =>
        sync(root, "", readFlags | constants.O_DIRECTORY, (descriptor) => native.syncFilesystem(descriptor)),
    }),
    now: (path) => change("ask for the time with", path, () => touch(root, path)),
  };
}

function together(
  root: RootFolder,
  turns: Turns,
  mounts: MountPoints,
): Required<Pick<LocalDisk, "statIn" | "readBetween" | "renameEach">> {
  return {
    statIn: async (path, names) => {
      const found: (LocalStat | undefined | HoldfastError)[] = [];
      for (let start = 0; start < names.length; start += looksAtOnce) {
        await turns.take();
        found.push(...lookInFolder(root, mounts, path, names.slice(start, start + looksAtOnce)));
      }
      return found;
    },
    readBetween: async (path, offset, sizeBytes) => {
      await turns.take();
      return readOpen(root, path, async (descriptor) => {
        const before = statOpen(descriptor);
        const bytes = await readWhole(descriptor, offset, sizeBytes);
        return { bytes, before, after: statOpen(descriptor) };
      });
    },
    renameEach: async (renames) => {
      const results: (HoldfastError | undefined)[] = [];
      for (const thrown of renameEachInFolder(root, renames)) {
        for (const each of thrown) results.push(asRenameError(each, renames[results.length]));
        await turns.take();
      }
      return results;
    },
  };
}

const looksAtOnce = 256;
/** Two maximum blocks, so that a file is read while blocks are hashed. */
const windowBytes = 2 * limits.blockBytesMax;
const readAsync = promisify(read);
const fsyncAsync = promisify(fsync);
const unlinkAsync = promisify(unlink);

function findFolder(path: string): string {
  try {
    const found = realpathSync(path);
    if (statSync(found).isDirectory()) return found;
  } catch (thrown) {
    throw toLookError(thrown, "open", path);
  }
  throw new HoldfastError("not_found", `${path} is not a folder.`);
}

function attemptLook<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (thrown) {
    throw toLookError(thrown, "look at", path);
  }
}

function statOrAbsent(root: RootFolder, mounts: MountPoints, path: string): LocalStat | undefined {
  // A scan starts with the root.
  if (path === "") mounts.read();
  const stats = statOf(root, path);
  return stats === undefined ? undefined : mounts.mark(path, toLocalStat(stats));
}

function lookInFolder(
  root: RootFolder,
  mounts: MountPoints,
  path: string,
  names: readonly string[],
): readonly (LocalStat | undefined | HoldfastError)[] {
  try {
    return root.lookIn(path, names).map((found, index) => {
      const place = joinPath(path, names[index] ?? "");
      if (found instanceof Error) return asLookError(found, place);
      return found === undefined ? undefined : mounts.mark(place, toLocalStat(found));
    });
  } catch (thrown) {
    if (isAbsent(thrown)) return names.map(() => undefined);
    return names.map((name) => asLookError(thrown, joinPath(path, name)));
  }
}

function asLookError(thrown: unknown, path: string): HoldfastError {
  const error = toLookError(thrown, "look at", path);
  if (error instanceof HoldfastError) return error;
  throw error;
}

function asRenameError(thrown: unknown, renaming: Renaming | undefined): HoldfastError | undefined {
  if (thrown === undefined) return undefined;
  const error = toFolderError(thrown, "rename", `${renaming?.from} to ${renaming?.to}`);
  if (error instanceof HoldfastError) return error;
  throw error;
}

function statOf(root: RootFolder, path: string): BigIntStats | undefined {
  try {
    return root.look(path);
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

function openIfThere(root: RootFolder, path: string): number | undefined {
  try {
    return root.open(path, openPathOnly);
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

function listNames(root: RootFolder, path: string): string[] {
  const folder = root.open(path, readFlags | constants.O_DIRECTORY);
  try {
    return readdirSync(`/proc/self/fd/${folder}`, { encoding: "buffer" }).map((bytes) => nameOfBytes(bytes));
  } finally {
    closeSync(folder);
  }
}

function targetOf(folder: number, name: Uint8Array, path: string): string {
  const bytes = readlinkSync(nodePath(folder, name), { encoding: "buffer" });
  const target = nameOfBytes(bytes);
  if (target.isWellFormed()) return target;
  throw new HoldfastError("failed", `The target of the symbolic link ${path} is not UTF-8, and cannot be synced.`, {
    body: { unfit: true },
  });
}

async function readOpen<Result>(
  root: RootFolder,
  path: string,
  act: (descriptor: number) => Promise<Result>,
): Promise<Result> {
  let descriptor: number | undefined;
  try {
    descriptor = root.open(path, readFlags);
    return await act(descriptor);
  } catch (thrown) {
    throw toLookError(thrown, "read", path);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function hasWriters(root: RootFolder, path: string): boolean | undefined {
  const descriptor = root.open(path, readFlags);
  try {
    return root.native.hasWriters(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function statOpen(descriptor: number): LocalStat {
  return toLocalStat(fstatSync(descriptor, { bigint: true }));
}

/** Fewer bytes at the end of the file. */
async function readWhole(descriptor: number, offset: number, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const bytesRead = await readSome(descriptor, bytes, filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Short parts are read synchronously: they are probably cached. */
async function readSome(descriptor: number, into: Uint8Array, start: number, position: number): Promise<number> {
  if (into.length <= inlineBytesMax) return readSync(descriptor, into, start, into.length - start, position);
  return (await readAsync(descriptor, into, start, into.length - start, position)).bytesRead;
}

type Creation = {
  readonly path: string;
  readonly parts: Parameters<LocalDisk["create"]>[1];
  readonly attributes: Parameters<LocalDisk["create"]>[2];
};

async function create(root: RootFolder, threads: Threads, { path, parts, attributes }: Creation): Promise<void> {
  const { mtimeNs, executable, isPrivate, attributesFrom, shares } = attributes;
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  let descriptor: number | undefined;
  let model: number | undefined;
  try {
    model = attributesFrom === undefined ? undefined : openIfThere(root, attributesFrom);
    // The kernel applies the umask.
    const usual = (executable ? 0o777 : 0o666) & (isPrivate === true ? 0o700 : 0o777);
    descriptor = root.open(path, flags, model === undefined ? usual : 0o600);
    const modelStats = model === undefined ? undefined : fstatSync(model);
    if (model !== undefined && modelStats?.isFile() === true) {
      // A file that only loses permissions must not become public.
      const opens = isPrivate === false && (modelStats.mode & 0o077) === 0;
      const wanted = isPrivate === true || opens ? isPrivate : undefined;
      makeLike(descriptor, model, root.native, (mode) => privateMode(executableMode(mode, executable), wanted));
    }
    const shared = shares !== undefined && (await shareBytes(root, descriptor, shares)) ? shares : undefined;
    await writeParts(root, threads, { descriptor, shared }, parts);
    if (mtimeNs !== undefined) root.native.setModifiedTime(descriptor, mtimeNs);
  } catch (thrown) {
    if (descriptor !== undefined) removeUnfinished(root, path, descriptor);
    throw toFolderError(thrown, "create", path);
  } finally {
    for (const each of [descriptor, model]) if (each !== undefined) closeSync(each);
  }
}

/** Shares the other file's bytes. On any problem they are copied instead, which reports it. @returns true if shared */
async function shareBytes(root: RootFolder, descriptor: number, path: string): Promise<boolean> {
  let from: number | undefined;
  try {
    from = root.open(path, readFlags);
    return await root.native.shareBytes(descriptor, from);
  } catch (thrown) {
    if (ownErrnoOf(thrown) === undefined && !(thrown instanceof HoldfastError)) throw thrown;
    return false;
  } finally {
    if (from !== undefined) closeSync(from);
  }
}

/** Removes it only if the name still belongs to the file. */
function removeUnfinished(root: RootFolder, path: string, descriptor: number): void {
  try {
    const mine = fstatSync(descriptor, { bigint: true });
    if (root.look(path).ino === mine.ino) root.withName(path, (at) => root.native.removeName(at, 0));
  } catch (thrown) {
    // The original error is more useful. The leftover is in the engine's own folder and is cleaned up there.
    if (ownErrnoOf(thrown) === undefined && !(thrown instanceof HoldfastError)) throw thrown;
  }
}

/** Runs in a thread, because the filesystem may free gigabytes. */
async function unlinkInThread(root: RootFolder, path: string): Promise<void> {
  let at: NativeName | undefined;
  try {
    at = root.openName(path);
    await unlinkAsync(nodePath(at.folder, at.name));
  } catch (thrown) {
    throw toFolderError(thrown, "delete", path);
  } finally {
    if (at !== undefined) closeSync(at.folder);
  }
}

async function sync(
  root: RootFolder,
  path: string,
  flags: number,
  flush: (descriptor: number) => Promise<void>,
): Promise<void> {
  let descriptor: number | undefined;
  try {
    descriptor = root.open(path, flags);
    await flush(descriptor);
  } catch (thrown) {
    throw toFolderError(thrown, "make durable", path);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Returns the filesystem's time, which may come from another machine and is never finer than its grain. */
function touch(root: RootFolder, path: string): bigint {
  const descriptor = root.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK, 0o600);
  try {
    root.native.setModifiedTime(descriptor, undefined);
    return fstatSync(descriptor, { bigint: true }).ctimeNs;
  } finally {
    closeSync(descriptor);
  }
}
