import { constants, promises as fs } from "node:fs";
import type { BigIntStats, Dirent } from "node:fs";
import { errnoOf, toDiskError } from "./disk-error.ts";
import type { Disk, DiskEntry, DiskEntryKind, DiskFile, DiskReader, DiskStat } from "./disk.ts";
import { asNamed } from "./places.ts";
import type { Places } from "./places.ts";

type FileHandle = fs.FileHandle;

// Windows lacks both flags; a link in the last name cannot be detected there.
const noFollow = process.platform === "win32" ? 0 : constants.O_NOFOLLOW;
// Opens a FIFO without waiting for a writer.
const noWait = process.platform === "win32" ? 0 : constants.O_NONBLOCK;
const foldersAreSynced = process.platform !== "win32";

export const nodeDisk: Disk = nodeDiskAt(asNamed);

/** Disk that resolves paths elsewhere. Errors name the original paths. */
export function nodeDiskAt(places: Places): Disk {
  const at = <Result>(action: string, path: string, act: (place: string) => Promise<Result>): Promise<Result> =>
    attempt(action, path, () => places.withName(path, act));
  const atTwo = (action: string, path: string, from: string, to: string, act: typeof fs.rename): Promise<void> =>
    attempt(action, path, () => places.withName(from, (one) => places.withName(to, (other) => act(one, other))));
  const openToRead = (path: string): Promise<FileHandle> =>
    at("open", path, (place) => fs.open(place, constants.O_RDONLY | noFollow | noWait));
  return {
    async createFile(path, { mode }) {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
      return new NodeFile(await at("create", path, (place) => fs.open(place, flags, mode)), path);
    },
    async openForRead(path) {
      return new NodeReader(await openToRead(path), path);
    },
    async readFile(path) {
      const handle = await openToRead(path);
      try {
        return await attempt("read", path, () => handle.readFile());
      } finally {
        await handle.close();
      }
    },
    rename: (from, to) => atTwo(`rename to ${to} the file`, from, from, to, fs.rename),
    link: (from, to) => atTwo(`link ${from} as`, to, from, to, fs.link),
    symlink: (target, path) => at("create the symbolic link", path, (place) => fs.symlink(target, place)),
    readLink: (path) => at("read the symbolic link", path, (place) => fs.readlink(place)),
    unlink: (path) => at("remove", path, (place) => fs.unlink(place)),
    async mkdir(path, options = {}) {
      await at("create the folder", path, (place) => fs.mkdir(place, { mode: options.mode ?? 0o777 }));
    },
    rmdir: (path) => at("remove the folder", path, (place) => fs.rmdir(place)),
    list: (folder) => listFolder(places, folder),
    stat: (path) => at("look at", path, async (place) => toDiskStat(await fs.lstat(place, { bigint: true }))),
    syncFolder: (path) => syncFolder(places, path),
  };
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  #end = 0;

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  async write(bytes: Uint8Array | readonly Uint8Array[], position?: number): Promise<void> {
    const pieces = bytes instanceof Uint8Array ? [bytes] : bytes.slice();
    const end = await attempt("write", this.#path, () => writeAll(this.#handle, pieces, position ?? this.#end));
    if (position === undefined) this.#end = end;
  }

  datasync(): Promise<void> {
    return attempt("sync", this.#path, () => this.#handle.datasync());
  }

  sync(): Promise<void> {
    return attempt("sync", this.#path, () => this.#handle.sync());
  }

  setTimes(mtimeMicros: bigint): Promise<void> {
    // Text, because Node reads a negative number (before 1970) as "now".
    const seconds = String(toDoubleSeconds(mtimeMicros));
    return attempt("set the times of", this.#path, () => this.#handle.utimes(seconds, seconds));
  }

  setMode(mode: number): Promise<void> {
    return attempt("set the mode of", this.#path, () => this.#handle.chmod(mode));
  }

  close(): Promise<void> {
    return attempt("close", this.#path, () => this.#handle.close());
  }
}

class NodeReader implements DiskReader {
  readonly #handle: FileHandle;
  readonly #path: string;

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  readAt(target: Uint8Array, position: number): Promise<number> {
    return attempt("read", this.#path, async () => {
      let filled = 0;
      while (filled < target.length) {
        const { bytesRead } = await this.#handle.read(target, filled, target.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    });
  }

  stat(): Promise<DiskStat> {
    return attempt("look at", this.#path, async () => toDiskStat(await this.#handle.stat({ bigint: true })));
  }

  close(): Promise<void> {
    return attempt("close", this.#path, () => this.#handle.close());
  }
}

async function attempt<Result>(action: string, path: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw toDiskError(error, action, path);
  }
}

async function writeAll(handle: FileHandle, pieces: Uint8Array[], start: number): Promise<number> {
  let position = start;
  let next = 0;
  while (next < pieces.length) {
    let written = (await handle.writev(next === 0 ? pieces : pieces.slice(next), position)).bytesWritten;
    position += written;
    for (let piece = pieces[next]; piece !== undefined && written >= piece.length; piece = pieces[next]) {
      written -= piece.length;
      next += 1;
    }
    const rest = pieces[next];
    if (rest !== undefined) pieces[next] = rest.subarray(written);
  }
  return position;
}

async function* listFolder(places: Places, folder: string): AsyncIterable<DiskEntry> {
  try {
    const entries = await places.withFolder(folder, (place) => fs.opendir(place, { bufferSize: 256 }));
    for await (const entry of entries) {
      yield { name: entry.name, kind: toKind(entry) };
    }
  } catch (error) {
    throw toDiskError(error, "list", folder);
  }
}

async function syncFolder(places: Places, path: string): Promise<void> {
  if (!foldersAreSynced) return;
  await attempt("sync the folder", path, async () => {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY;
    const handle = await places.withFolder(path, (place) => fs.open(place, flags));
    try {
      await handle.sync();
    } catch (error) {
      // Some network filesystems cannot sync folders and return EINVAL.
      if (errnoOf(error) !== "EINVAL") throw error;
    } finally {
      await handle.close();
    }
  });
}

/**
 * Node uses a double of seconds, with steps of 0.24 µs until 2038 and 0.48 µs until 2106. Adding 0.25 µs puts the
 * double 0 to 0.5 µs above the time, so truncating and rounding both restore it. Whole seconds are exact.
 */
export function toDoubleSeconds(micros: bigint): number {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = Number((micros - fraction) / 1_000_000n);
  return fraction === 0n ? seconds : seconds + (Number(fraction) + 0.25) / 1_000_000;
}

export function toDiskStat(stats: BigIntStats): DiskStat {
  const nanosBelow = ((stats.mtimeNs % 1000n) + 1000n) % 1000n;
  return {
    kind: toKind(stats),
    sizeBytes: Number(stats.size),
    mtimeMicros: (stats.mtimeNs - nanosBelow) / 1000n,
    mode: Number(stats.mode & 0o7777n),
    inode: stats.ino,
    device: stats.dev,
  };
}

function toKind(entry: Dirent | BigIntStats): DiskEntryKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  return entry.isSymbolicLink() ? "symlink" : "other";
}
