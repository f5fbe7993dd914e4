import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fstatSync,
  fsync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  promises as fs,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { errnoOf, toDiskError } from "@holdfast/disk/disk-error";
import type { Disk, DiskFile } from "@holdfast/disk/disk";
import { makeLike } from "@holdfast/disk/make-like";
import { linux, type Native, openPathOnly } from "@holdfast/disk/native";
import { nodeDiskAt, toDiskStat, toDoubleSeconds } from "@holdfast/disk/node-disk";
import type { Places } from "@holdfast/disk/places";
import { replacedMode } from "./get-plan.ts";

/** Calls that `get` needs in addition to the port. */
export interface LocalDisk extends Disk {
  /** Durable. Does not follow a link. */
  setAttributes(path: string, attributes: { readonly mtimeMicros: bigint; readonly mode: number }): Promise<void>;
  /** The file is open or mapped for writing. undefined: the system does not report it */
  hasWriters(path: string): Promise<boolean | undefined>;
  /**
   * Copies owner, group, ACL and attributes of the file to be replaced to a new file of mode 0600, and its mode with
   * the executable bits of `mode`. If that file has gone, sets only `mode`.
   */
  makeLike(path: string, model: string, mode: number): Promise<void>;
}

/**
 * For many small files. Calls that touch only memory block, because the thread pool costs more. Calls that wait for the
 * disk run in the pool.
 */
export function blockingDiskAt(places: Places): LocalDisk {
  const at = <Result>(action: string, path: string, act: (place: string) => Result): Promise<Result> =>
    attempt(action, path, () => places.withName<Result>(path, act));
  return {
    ...nodeDiskAt(places),
    createFile: (path, { mode }) => {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
      return at("create", path, (place) => new BlockingFile(openSync(place, flags, mode), path));
    },
    rename: (from, to) => {
      const act = (one: string): Promise<void> => places.withName(to, (other) => renameSync(one, other));
      return attempt(`rename to ${to} the file`, from, () => places.withName(from, act));
    },
    symlink: (target, path) => at("create the symbolic link", path, (place) => symlinkSync(target, place)),
    unlink: (path) => at("remove", path, (place) => unlinkSync(place)),
    mkdir: (path, options = {}) =>
      at("create the folder", path, (place) => {
        mkdirSync(place, { mode: options.mode ?? 0o777 });
      }),
    stat: (path) => at("look at", path, (place) => toDiskStat(lstatSync(place, { bigint: true }))),
    hasWriters: (path) => at("look at", path, hasWriters),
    makeLike: (path, model, mode) =>
      attempt("set the mode of", path, () =>
        places.withName(path, (place) => places.withName(model, (other) => likeOther(place, other, mode))),
      ),
    setAttributes: (path, attributes) =>
      attempt("set the times of", path, () => places.withName(path, (place) => setAttributes(place, attributes))),
  };
}

function hasWriters(place: string): boolean | undefined {
  const native = nativeOfSystem();
  if (native === undefined) return undefined;
  const descriptor = openSync(place, constants.O_RDONLY | constants.O_NONBLOCK | noFollow);
  try {
    return native.hasWriters(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function likeOther(place: string, other: string, mode: number): void {
  const descriptor = openSync(place, constants.O_WRONLY | noFollow);
  let model: number | undefined;
  try {
    model = openFile(other);
    if (model === undefined) return fchmodSync(descriptor, mode);
    makeLike(descriptor, model, nativeOfSystem(), (bits) => replacedMode(bits, (mode & 0o111) !== 0));
  } finally {
    for (const each of [descriptor, model]) if (each !== undefined) closeSync(each);
  }
}

/** Opens with O_PATH on Linux, because the mode may forbid reading. @returns undefined if there is no file */
function openFile(place: string): number | undefined {
  const flags = process.platform === "linux" ? openPathOnly : constants.O_NONBLOCK;
  let model: number | undefined;
  try {
    model = openSync(place, constants.O_RDONLY | flags | noFollow);
    if (fstatSync(model).isFile()) return model;
  } catch (thrown) {
    if (!["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(errnoOf(thrown) ?? "")) throw thrown;
  }
  if (model !== undefined) closeSync(model);
  return undefined;
}

/** Native calls exist only on Linux, and not on every Linux machine. */
function nativeOfSystem(): Native | undefined {
  try {
    return linux();
  } catch {
    return undefined;
  }
}

async function setAttributes(place: string, to: Parameters<LocalDisk["setAttributes"]>[1]): Promise<void> {
  const handle = await fs.open(place, constants.O_RDONLY | noFollow);
  try {
    await handle.chmod(to.mode);
    const seconds = String(toDoubleSeconds(to.mtimeMicros));
    await handle.utimes(seconds, seconds);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const noFollow = process.platform === "win32" ? 0 : constants.O_NOFOLLOW;

class BlockingFile implements DiskFile {
  readonly #descriptor: number;
  readonly #path: string;
  #end = 0;

  constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.#path = path;
  }

  write(bytes: Uint8Array | readonly Uint8Array[], position?: number): Promise<void> {
    return attempt("write", this.#path, () => {
      let end = position ?? this.#end;
      for (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) {
        for (let written = 0; written < piece.length;) {
          written += writeSync(this.#descriptor, piece, written, piece.length - written, end + written);
        }
        end += piece.length;
      }
      if (position === undefined) this.#end = end;
    });
  }

  datasync(): Promise<void> {
    return this.#wait(promisify(fdatasync));
  }

  sync(): Promise<void> {
    return this.#wait(promisify(fsync));
  }

  setTimes(mtimeMicros: bigint): Promise<void> {
    // Passes the time as text: see `nodeDisk`.
    const seconds = String(toDoubleSeconds(mtimeMicros));
    return attempt("set the times of", this.#path, () => futimesSync(this.#descriptor, seconds, seconds));
  }

  setMode(mode: number): Promise<void> {
    return attempt("set the mode of", this.#path, () => fchmodSync(this.#descriptor, mode));
  }

  close(): Promise<void> {
    return attempt("close", this.#path, () => closeSync(this.#descriptor));
  }

  async #wait(call: (descriptor: number) => Promise<void>): Promise<void> {
    try {
      await call(this.#descriptor);
    } catch (thrown) {
      throw toDiskError(thrown, "sync", this.#path);
    }
  }
}

/** Turns a thrown error into a rejection. */
async function attempt<Result>(action: string, path: string, call: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (thrown) {
    throw toDiskError(thrown, action, path);
  }
}
