import { constants as systemConstants } from "node:os";
import { constants, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { HoldfastError } from "@holdfast/core/errors";
import type koffi from "koffi";
import { writersKnown } from "./local-filesystems.ts";

/** Linux calls that Node lacks. Each throws a `SystemCallError`; none waits for long. */
export interface Native {
  /** @param folder descriptor; the path is resolved below it, without symbolic links and never outside */
  openBelow(folder: number, path: Uint8Array, flags: number, mode: number): number;
  /** Opens an absolute path without symbolic links. */
  openAbsolute(path: Uint8Array, flags: number, mode: number): number;
  rename(from: NativeName, to: NativeName, flags: number): void;
  /** @param mode reduced by the umask; default 0o777 */
  makeFolder(at: NativeName, mode?: number): void;
  makeSymlink(target: Uint8Array, at: NativeName): void;
  makeHardLink(from: NativeName, to: NativeName): void;
  removeName(at: NativeName, flags: number): void;
  /** Sets the access time to now. undefined: also the modification time. */
  setModifiedTime(descriptor: number, timeNs: bigint | undefined): void;
  /** Locks this open file until it is closed. @throws SystemCallError EAGAIN if another open file has the lock */
  lockExclusively(descriptor: number): void;
  /**
   * Takes and returns a read lease (fcntl(2), F_SETLEASE).
   * @param descriptor regular file, open for reading
   * @returns true if a program has the file open or mapped for writing; undefined if unknown: a filesystem without
   * leases, or another user's file
   */
  hasWriters(descriptor: number): boolean | undefined;
  /**
   * Extended attributes, each name ending with NUL.
   * @param descriptor any file, even opened as a path only
   */
  attributeNames(descriptor: number): Uint8Array[];
  /** @returns undefined if there is none or the filesystem does not support them */
  getAttribute(descriptor: number, name: Uint8Array): Uint8Array | undefined;
  setAttribute(descriptor: number, name: Uint8Array, value: Uint8Array): void;
  removeAttribute(descriptor: number, name: Uint8Array): void;
  /** @returns an inotify descriptor; the process gets SIGIO when events arrive after none were waiting */
  makeWatcher(): number;
  /** @returns number of the watch in the watcher's events */
  addWatch(watcher: number, path: Uint8Array, mask: number): number;
  removeWatch(watcher: number, watch: number): void;
  /**
   * Lets an empty file share all bytes of another one. In a thread, because those bytes are written to the disk first.
   * @returns false if unsupported, without changes
   */
  shareBytes(descriptor: number, from: number): Promise<boolean>;
  /** Starts writing a file's data to the disk in a thread. Makes nothing durable; errors appear at the later fsync. */
  startWriting(descriptor: number): Promise<void>;
  /** True if a pipe or socket has lost its reader. Always false for a file or existing terminal. */
  isReaderGone(descriptor: number): boolean;
  /** Syncs the descriptor's filesystem in a thread. */
  syncFilesystem(descriptor: number): Promise<void>;
}

/** Name in an open folder. The bytes end with NUL. */
export interface NativeName {
  readonly folder: number;
  readonly name: Uint8Array;
}

/** `code` is the errno's name, as in Node's system errors. */
export class SystemCallError extends Error {
  override readonly name = "SystemCallError";
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = errnoNames.get(errno) ?? `E${errno}`;
    super(`${call}: ${code}`);
    this.code = code;
  }
}

/** Node's name if a number has two. */
const errnoNames = new Map(
  Object.entries(systemConstants.errno)
    .filter(([name]) => name !== "EWOULDBLOCK" && name !== "EOPNOTSUPP")
    .map(([name, errno]) => [errno, name]),
);

/** Values of the kernel headers; equal on x64 and arm64. */
export const openPathOnly = 0o10_000_000;
export const openCloseOnExec = 0o2_000_000;
export const renameNoReplace = 1;
export const renameExchange = 2;
export const removeFolderFlag = 0x200;
const openat2Number = 437;
const resolveNoLinks = 0x02 | 0x04; // RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS
const resolveBelow = resolveNoLinks | 0x08; // RESOLVE_BENEATH
const currentFolder = -100; // AT_FDCWD
const lockExclusiveNonBlocking = 2 | 4;
const utimeNow = 0x3fff_ffffn;
const watcherFlags = 0o4000 | openCloseOnExec; // IN_NONBLOCK | IN_CLOEXEC
const shareAllRequest = 0x40049409; // FICLONE
const setSignalCommand = 10;
const setLeaseCommand = 1024;
const readLease = 0;
const noLease = 2;
/** Ignored by default, unlike SIGIO, whose default would end a process without a watch. */
const ignoredSignal = systemConstants.signals.SIGURG;
const pollBroken = 0x08 | 0x10; // POLLERR | POLLHUP, which are reported without being asked for
const startWritingFlag = 2; // SYNC_FILE_RANGE_WRITE
const setFlagsCommand = 4;
const setOwnerCommand = 8;
const signalFlag = 0o20_000; // O_ASYNC
/** Limits of a value, and of all names of a file (XATTR_SIZE_MAX, XATTR_LIST_MAX). */
const attributeBytesMax = 65_536;

let loaded: Native | undefined;

/** @throws HoldfastError failed on any system but Linux */
export function linux(): Native {
  loaded ??= bind();
  return loaded;
}

function bind(): Native {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    throw new HoldfastError(
      "failed",
      `So far, folders can only be synced on Linux (x64, arm64), not on ${process.platform} (${process.arch}). ` +
        "Use `holdfast put` and `holdfast get` on this system.",
    );
  }
  // Loaded on demand, because loading takes longer than many commands.
  const { errno, load } = createRequire(import.meta.url)("koffi") as typeof koffi;
  const libc = load(null);
  const declare: Declare = (declaration) => {
    const call = libc.func(declaration) as unknown as (...values: unknown[]) => number;
    const name = /(\w+)\(/.exec(declaration)?.[1] ?? declaration;
    return (...values) => {
      const result = call(...values);
      if (result < 0) throw new SystemCallError(name, errno());
      return result;
    };
  };
  const syscall = declare(
    "long syscall(long number, int folder, const uint8_t *path, const uint8_t *how, size_t size)",
  );
  const renameat2 = declare("int renameat2(int a, const uint8_t *from, int b, const uint8_t *to, unsigned int flags)");
  const mkdirat = declare("int mkdirat(int folder, const uint8_t *name, unsigned int mode)");
  const symlinkat = declare("int symlinkat(const uint8_t *target, int folder, const uint8_t *name)");
  const linkat = declare("int linkat(int a, const uint8_t *from, int b, const uint8_t *to, int flags)");
  const unlinkat = declare("int unlinkat(int folder, const uint8_t *name, int flags)");
  const futimens = declare("int futimens(int file, const uint8_t *times)");
  const flock = declare("int flock(int file, int operation)");
  const inotifyInit1 = declare("int inotify_init1(int flags)");
  const fcntl = declare("int fcntl(int file, int command, long value)");
  const inotifyAddWatch = declare("int inotify_add_watch(int watcher, const uint8_t *path, uint32_t mask)");
  const inotifyRmWatch = declare("int inotify_rm_watch(int watcher, int watch)");
  return {
    openBelow: (folder, path, flags, mode) =>
      syscall(openat2Number, folder, path, openHow(flags, mode, resolveBelow), 24),
    openAbsolute: (path, flags, mode) =>
      syscall(openat2Number, currentFolder, path, openHow(flags, mode, resolveNoLinks), 24),
    rename: (from, to, flags) => void renameat2(from.folder, from.name, to.folder, to.name, flags),
    makeFolder: (at, mode = 0o777) => void mkdirat(at.folder, at.name, mode),
    makeSymlink: (target, at) => void symlinkat(target, at.folder, at.name),
    makeHardLink: (from, to) => void linkat(from.folder, from.name, to.folder, to.name, 0),
    removeName: (at, flags) => void unlinkat(at.folder, at.name, flags),
    setModifiedTime: (descriptor, timeNs) => void futimens(descriptor, timesOf(timeNs)),
    lockExclusively: (descriptor) => void flock(descriptor, lockExclusiveNonBlocking),
    hasWriters: (descriptor) => {
      try {
        // A program that opens it now waits until the lease is returned, and the kernel signals this process.
        fcntl(descriptor, setSignalCommand, ignoredSignal);
        fcntl(descriptor, setLeaseCommand, readLease);
        fcntl(descriptor, setLeaseCommand, noLease);
        return false;
      } catch (thrown) {
        const isTaken = thrown instanceof SystemCallError && thrown.code === "EAGAIN";
        // NFS and SMB report the same if their server gave no lease.
        const isCertain = isTaken && writersKnown.has(statfsSync(`/proc/self/fd/${descriptor}`).type);
        return isCertain ? true : undefined;
      }
    },
    makeWatcher: () => {
      const watcher = inotifyInit1(watcherFlags);
      fcntl(watcher, setOwnerCommand, process.pid);
      fcntl(watcher, setFlagsCommand, watcherFlags | signalFlag);
      return watcher;
    },
    addWatch: (watcher, path, mask) => inotifyAddWatch(watcher, path, mask),
    removeWatch: (watcher, watch) => void inotifyRmWatch(watcher, watch),
    isReaderGone: bindReaderGone(declare),
    ...bindAttributes(declare),
    ...bindLasting(libc),
  };
}

type Declare = (declaration: string) => (...values: unknown[]) => number;

function bindReaderGone(declare: Declare): Native["isReaderGone"] {
  const poll = declare("int poll(_Inout_ uint8_t *descriptors, unsigned long count, int timeout)");
  return (descriptor) => {
    // struct pollfd
    const asked = new DataView(new ArrayBuffer(8));
    asked.setInt32(0, descriptor, true);
    poll(new Uint8Array(asked.buffer), 1, 0);
    return (asked.getUint16(6, true) & pollBroken) !== 0;
  };
}

/** Uses procfs, because the descriptor calls need read access. */
function bindAttributes(
  declare: Declare,
): Pick<Native, "attributeNames" | "getAttribute" | "setAttribute" | "removeAttribute"> {
  const listxattr = declare("long listxattr(const uint8_t *path, _Out_ uint8_t *names, size_t size)");
  const getxattr = declare(
    "long getxattr(const uint8_t *path, const uint8_t *name, _Out_ uint8_t *value, size_t size)",
  );
  const fsetxattr = declare(
    "int fsetxattr(int file, const uint8_t *name, const uint8_t *value, size_t size, int flags)",
  );
  const fremovexattr = declare("int fremovexattr(int file, const uint8_t *name)");
  const bytes = new Uint8Array(attributeBytesMax);
  const pathOf = (descriptor: number): Uint8Array => Buffer.from(`/proc/self/fd/${descriptor}\0`);
  return {
    attributeNames: (descriptor) => {
      const names: Uint8Array[] = [];
      const size = listxattr(pathOf(descriptor), bytes, bytes.length);
      for (let start = 0, end = 0; start < size; start = end) {
        end = bytes.indexOf(0, start) + 1 || size;
        names.push(bytes.slice(start, end));
      }
      return names;
    },
    getAttribute: (descriptor, name) => {
      try {
        return bytes.slice(0, getxattr(pathOf(descriptor), name, bytes, bytes.length));
      } catch (thrown) {
        const isNone = thrown instanceof SystemCallError && ["ENODATA", "ENOTSUP"].includes(thrown.code);
        if (isNone) return undefined;
        throw thrown;
      }
    },
    setAttribute: (descriptor, name, value) => void fsetxattr(descriptor, name, value, value.length, 0),
    removeAttribute: (descriptor, name) => void fremovexattr(descriptor, name),
  };
}

function bindLasting(
  libc: ReturnType<typeof koffi.load>,
): Pick<Native, "shareBytes" | "startWriting" | "syncFilesystem"> {
  const syncfs = libc.func("int syncfs(int descriptor)");
  const ioctl = libc.func("int ioctl(int file, unsigned long request, long from)");
  const syncFileRange = libc.func("int sync_file_range(int file, int64_t start, int64_t size, unsigned int flags)");
  return {
    shareBytes: (descriptor, from) =>
      new Promise((resolve) => {
        ioctl.async(descriptor, shareAllRequest, from, (failed: Error | null, result: number) =>
          resolve(failed === null && result === 0),
        );
      }),
    startWriting: (descriptor) =>
      new Promise((resolve) => {
        syncFileRange.async(descriptor, 0, 0, startWritingFlag, () => resolve());
      }),
    syncFilesystem: (descriptor) =>
      new Promise((resolve, reject) => {
        syncfs.async(descriptor, (failed: Error | null, result: number) => {
          // The errno stays in the thread.
          if (failed === null && result === 0) resolve();
          else reject(new SystemCallError("syncfs", systemConstants.errno.EIO));
        });
      }),
  };
}

const openHows = new Map<string, Uint8Array>();

/** Cached struct open_how of openat2(2). The mode must be 0 unless a file is created. */
function openHow(flags: number, mode: number, resolve: number): Uint8Array {
  const key = `${flags} ${mode} ${resolve}`;
  const known = openHows.get(key);
  if (known !== undefined) return known;
  const how = new DataView(new ArrayBuffer(24));
  how.setBigUint64(0, BigInt(flags | openCloseOnExec), true);
  how.setBigUint64(8, BigInt((flags & constants.O_CREAT) === 0 ? 0 : mode), true);
  how.setBigUint64(16, BigInt(resolve), true);
  const made = new Uint8Array(how.buffer);
  openHows.set(key, made);
  return made;
}

/** Two struct timespec: access, modification. */
function timesOf(timeNs: bigint | undefined): Uint8Array {
  const times = new DataView(new ArrayBuffer(32));
  // FUSE's exFAT ignores a change of only one time.
  times.setBigInt64(8, utimeNow, true);
  if (timeNs === undefined) times.setBigInt64(24, utimeNow, true);
  else {
    const nanoseconds = BigInt.asUintN(64, ((timeNs % second) + second) % second);
    times.setBigInt64(16, (timeNs - nanoseconds) / second, true);
    times.setBigInt64(24, nanoseconds, true);
  }
  return new Uint8Array(times.buffer);
}

const second = 1_000_000_000n;
