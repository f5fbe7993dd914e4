import {
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
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
import { toDiskError } from "@holdfast/disk/disk-error";
import type { Disk, DiskFile } from "@holdfast/disk/disk";
import { nodeDisk, toDiskStat, toDoubleSeconds } from "@holdfast/disk/node-disk";

/** What `get` needs of a disk besides the port: to change a file that stays. */
export interface LocalDisk extends Disk {
  /** Durable. Does not follow a link. */
  setAttributes(path: string, attributes: { readonly mtimeMicros: bigint; readonly mode: number }): Promise<void>;
}

/**
 * The machine's own filesystem, for many small files: calls that only touch memory block, because handing each to the pool
 * of threads costs more than the call itself; those that wait for the disk go to the pool, many at once.
 */
export const blockingDisk: LocalDisk = {
  ...nodeDisk,
  createFile: (path, { mode }) =>
    attempt("create", path, () => {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
      return new BlockingFile(openSync(path, flags, mode), path);
    }),
  rename: (from, to) => attempt(`rename to ${to} the file`, from, () => renameSync(from, to)),
  symlink: (target, path) => attempt("make the symbolic link", path, () => symlinkSync(target, path)),
  unlink: (path) => attempt("remove", path, () => unlinkSync(path)),
  async mkdir(path, options = {}) {
    await attempt("make the folder", path, () => mkdirSync(path, { mode: options.mode ?? 0o777 }));
  },
  stat: (path) => attempt("look at", path, () => toDiskStat(lstatSync(path, { bigint: true }))),
  async setAttributes(path, { mtimeMicros, mode }) {
    try {
      const handle = await fs.open(path, constants.O_RDONLY | noFollow);
      try {
        await handle.chmod(mode);
        await handle.utimes(toDoubleSeconds(mtimeMicros), toDoubleSeconds(mtimeMicros));
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (thrown) {
      throw toDiskError(thrown, "set the times of", path);
    }
  },
};

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
    const seconds = toDoubleSeconds(mtimeMicros);
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

/** Asynchronous only so that what the call throws is a rejection. */
async function attempt<Result>(action: string, path: string, call: () => Result): Promise<Result> {
  try {
    return call();
  } catch (thrown) {
    throw toDiskError(thrown, action, path);
  }
}
