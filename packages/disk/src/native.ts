import { constants as systemConstants } from "node:os";
import { constants, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { HoldfastError } from "@holdfast/core/errors";
import type koffi from "koffi";
import { writersKnown } from "./local-filesystems.ts";

/** Calls of Linux that Node lacks. Each returns its result, or throws a `SystemCallError`; none of them waits long. */
export interface Native {
  /** @param folder descriptor of the folder below which the path is resolved, through no symbolic link and never out of it */
  openBelow(folder: number, path: Uint8Array, flags: number, mode: number): number;
  /** The same from the top of the filesystem: no part of an absolute path is a symbolic link. */
  openAbsolute(path: Uint8Array, flags: number, mode: number): number;
  rename(from: NativeName, to: NativeName, flags: number): void;
  /** @param mode without what the umask takes away; 0o777 unless told */
  makeFolder(at: NativeName, mode?: number): void;
  makeSymlink(target: Uint8Array, at: NativeName): void;
  makeHardLink(from: NativeName, to: NativeName): void;
  removeName(at: NativeName, flags: number): void;
  /** Undefined: the time of this moment, which becomes the access time in any case. */
  setModifiedTime(descriptor: number, timeNs: bigint | undefined): void;
  /** For this open file, until it is closed. @throws SystemCallError EAGAIN if another open file has it */
  lockExclusively(descriptor: number): void;
  /**
   * Asks for a read lease (fcntl(2), F_SETLEASE), and gives it back.
   * @param descriptor of a regular file, open for reading
   * @returns whether somebody has it open for writing, or mapped so; undefined where that is not told: by a filesystem that
   *   knows no leases, or of a file of another user
   */
  hasWriters(descriptor: number): boolean | undefined;
  /** Names of extended attributes as they are, each with a NUL at its end. @param descriptor of anything, opened as a path alone too */
  attributeNames(descriptor: number): Uint8Array[];
  /** @returns undefined where there is none, or the filesystem has none */
  getAttribute(descriptor: number, name: Uint8Array): Uint8Array | undefined;
  setAttribute(descriptor: number, name: Uint8Array, value: Uint8Array): void;
  removeAttribute(descriptor: number, name: Uint8Array): void;
  /** @returns an inotify descriptor; the process gets SIGIO whenever there is something to be read after nothing was */
  makeWatcher(): number;
  /** @returns the number of the watch in the watcher's events */
  addWatch(watcher: number, path: Uint8Array, mask: number): number;
  removeWatch(watcher: number, watch: number): void;
  /**
   * Lets an empty file share all bytes of another one, in a thread, since those are written to the disk first.
   * @returns false where that cannot be done, and nothing was
   */
  shareBytes(descriptor: number, from: number): Promise<boolean>;
  /**
   * Begins to write to the disk what was written to the file so far, in a thread. Nothing is durable by it, and what goes wrong
   * is told by the fsync that comes after.
   */
  startWriting(descriptor: number): Promise<void>;
  /** Whether a pipe or socket that is written to has lost its reader. A file or a terminal that is there has not. */
  isReaderGone(descriptor: number): boolean;
  /** All of the filesystem in which the descriptor lies; done in a thread. */
  syncFilesystem(descriptor: number): Promise<void>;
}

/** A last name in an open folder; the bytes end with a NUL. */
export interface NativeName {
  readonly folder: number;
  readonly name: Uint8Array;
}

/** As Node's own errors of system calls: `code` is the name of the errno. */
export class SystemCallError extends Error {
  override readonly name = "SystemCallError";
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = errnoNames.get(errno) ?? `E${errno}`;
    super(`${call}: ${code}`);
    this.code = code;
  }
}

/** Of two names for one number the one that Node uses. */
const errnoNames = new Map(
  Object.entries(systemConstants.errno)
    .filter(([name]) => name !== "EWOULDBLOCK" && name !== "EOPNOTSUPP")
    .map(([name, errno]) => [errno, name]),
);

/** Of the kernel's headers; the same on x64 and arm64. */
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
/** Its default is to be ignored; that of SIGIO would end a process that watches nothing. */
const ignoredSignal = systemConstants.signals.SIGURG;
const pollBroken = 0x08 | 0x10; // POLLERR | POLLHUP, which are reported without being asked for
const startWritingFlag = 2; // SYNC_FILE_RANGE_WRITE
const setFlagsCommand = 4;
const setOwnerCommand = 8;
const signalFlag = 0o20_000; // O_ASYNC
/** A value has no more, nor have all names of a file together (XATTR_SIZE_MAX, XATTR_LIST_MAX). */
const attributeBytesMax = 65_536;

let loaded: Native | undefined;

/** @throws HoldfastError failed on any other system than Linux */
export function linux(): Native {
  loaded ??= bind();
  return loaded;
}

function bind(): Native {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    throw new HoldfastError(
      "failed",
      `Folders can be synced on Linux (x64, arm64) only so far, not on ${process.platform} (${process.arch}). ` +
        "There use `holdfast put` and `holdfast get`.",
    );
  }
  // Only now: to load it costs more than many a command does in all.
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
        // A program that opens it in this very moment waits until the lease is given back, and the kernel signals us.
        fcntl(descriptor, setSignalCommand, ignoredSignal);
        fcntl(descriptor, setLeaseCommand, readLease);
        fcntl(descriptor, setLeaseCommand, noLease);
        return false;
      } catch (thrown) {
        const isTaken = thrown instanceof SystemCallError && thrown.code === "EAGAIN";
        // NFS and SMB say the same where their server gave them no lease.
        const isTold = isTaken && writersKnown.has(statfsSync(`/proc/self/fd/${descriptor}`).type);
        return isTold ? true : undefined;
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

/** By procfs, as the calls that take a descriptor want one that may read. */
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

/** Calls that may wait for the disk. */
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

/** struct open_how of openat2(2); the mode must be 0 where nothing is created. There are few, each made once. */
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
  // exFAT, as FUSE does it, passes over a change of one of the two times alone.
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
