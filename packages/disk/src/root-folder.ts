import { closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { constants as systemConstants } from "node:os";
import { HoldfastError } from "@holdfast/core/errors";
import { ownErrnoOf } from "./disk-error.ts";
import { nativeBytes } from "./native-name.ts";
import { openPathOnly, SystemCallError } from "./native.ts";
import type { Native, NativeName } from "./native.ts";

/** Calls that resolve a path. An unavailable one fails with ENOSYS. */
export type Openers = Pick<Native, "openBelow" | "openAbsolute">;

/**
 * Opens paths below the root. The kernel resolves each path without symbolic links, so nothing behind a link is read or
 * written, even if a link replaces a folder at this moment. Long paths are resolved in steps. Without openat2, each
 * name is opened in its folder, which is equally safe.
 */
export class RootFolder<Calls extends Openers = Native> {
  readonly path: string;
  readonly native: Calls;
  readonly #held: number | undefined;
  #hasOpenBelow = true;

  /**
   * @param held descriptor of the root, closed by the caller. It pins that folder even if its path changes; without it,
   * the path is resolved each time.
   */
  constructor(path: string, native: Calls, held?: number) {
    this.path = path;
    this.native = native;
    this.#held = held;
  }

  /**
   * @param flags of open(2); a link in the last name is not followed, and the caller closes the descriptor
   * @throws SystemCallError; HoldfastError unavailable if the root cannot be opened, failed for an invalid path
   */
  open(path: string, flags: number, mode = 0): number {
    checkPath(path);
    if (path === "") return this.#openRoot(flags);
    const opened = this.#openAtOnce(path, flags | constants.O_NOFOLLOW, mode);
    if (opened !== undefined) return opened;
    let folder = this.#openRoot(folderFlags);
    try {
      const steps = stepsOf(path);
      const last = steps.pop() ?? path;
      for (const step of steps) folder = replaceBy(folder, this.#openStep(folder, step, folderFlags, 0));
      return this.#openStep(folder, last, flags | constants.O_NOFOLLOW, mode);
    } finally {
      closeSync(folder);
    }
  }

  withName<Result>(path: string, act: (at: NativeName) => Result): Result {
    const at = this.openName(path);
    try {
      return act(at);
    } finally {
      closeSync(at.folder);
    }
  }

  /** Opens the folder of the last name. The caller closes it. */
  openName(path: string): NativeName {
    checkPath(path);
    if (path === "") throw new HoldfastError("failed", "The folder itself cannot be changed.");
    const slash = path.lastIndexOf("/");
    const folder = this.open(path.slice(0, Math.max(0, slash)), folderFlags);
    return { folder, name: nativeBytes(path.slice(slash + 1)) };
  }

  /** @throws SystemCallError ENOENT, ENOTDIR or others */
  look(path: string): BigIntStats {
    const descriptor = this.open(path, openPathOnly);
    try {
      return fstatSync(descriptor, { bigint: true });
    } finally {
      closeSync(descriptor);
    }
  }

  /** One call instead of three. @returns undefined on failure, whose reason a stepwise attempt shows */
  #openAtOnce(path: string, flags: number, mode: number): number | undefined {
    if (!this.#hasOpenBelow || path.length > stepLengthMax) return undefined;
    try {
      if (this.#held !== undefined) return this.native.openBelow(this.#held, nativeBytes(path), flags, mode);
      return this.native.openAbsolute(nativeBytes(`${this.path}/${path}`), flags, mode);
    } catch (thrown) {
      if (ownErrnoOf(thrown) === undefined) throw thrown;
      return undefined;
    }
  }

  /**
   * Reads names as `look` does, in a folder opened once and without following links.
   * @returns result per name: data, undefined if missing, or the error
   */
  lookIn(path: string, names: readonly string[]): (BigIntStats | undefined | Error)[] {
    const folder = this.open(path, folderFlags);
    try {
      return names.map((name) => lookAt(folder, name));
    } finally {
      closeSync(folder);
    }
  }

  /** An unmounted or removed root is unavailable, because its content is unknown. */
  #openRoot(flags: number): number {
    try {
      const place = this.#held === undefined ? this.path : `/proc/self/fd/${this.#held}`;
      return openSync(place, flags | constants.O_DIRECTORY);
    } catch (thrown) {
      const message = `The folder ${this.path} cannot be opened (${ownErrnoOf(thrown)}). Is it mounted?`;
      throw new HoldfastError("unavailable", message, { cause: thrown });
    }
  }

  #openStep(folder: number, path: string, flags: number, mode: number): number {
    if (!this.#hasOpenBelow) return this.#walk(folder, path, flags, mode);
    try {
      return this.native.openBelow(folder, nativeBytes(path), flags, mode);
    } catch (thrown) {
      const errno = ownErrnoOf(thrown);
      // Kernels before 5.6, and sandboxes older than it.
      if (errno === "ELOOP") throw this.#loopError(folder, path, flags, thrown);
      if (errno !== "ENOSYS" && errno !== "EPERM") throw thrown;
      this.#hasOpenBelow = false;
      return this.#walk(folder, path, flags, mode);
    }
  }

  /** A link in place of a folder counts as a file. */
  #loopError(folder: number, path: string, flags: number, thrown: unknown): unknown {
    const slash = path.lastIndexOf("/");
    if ((flags & openPathOnly) !== 0) return new SystemCallError("openat2", notAFolder);
    // A link before the last name is reported by this step.
    if (slash !== -1) closeSync(this.#openStep(folder, path.slice(0, slash), folderFlags, 0));
    return thrown;
  }

  #walk(start: number, path: string, flags: number, mode: number): number {
    const names = path.split("/");
    const last = names.pop() ?? "";
    let folder = start;
    try {
      for (const name of names) {
        const next = openSync(nodePath(folder, nativeBytes(name)), folderFlags | constants.O_NOFOLLOW);
        if (folder !== start) closeSync(folder);
        folder = next;
      }
      return openSync(nodePath(folder, nativeBytes(last)), flags, mode);
    } finally {
      if (folder !== start) closeSync(folder);
    }
  }
}

export const folderFlags = openPathOnly | constants.O_DIRECTORY;
/** Does not wait for a pipe's other end or a device. */
export const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Returns a path for Node calls. The name ends with NUL, the path does not. */
export function nodePath(folder: number, name: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name.subarray(0, -1)]);
}

export function isName(text: string): boolean {
  return text !== "" && text !== "." && text !== ".." && !/[/\0]/.test(text);
}

/** One call, which does not follow a link. */
function lookAt(folder: number, name: string): BigIntStats | undefined | Error {
  if (!isName(name)) {
    return new HoldfastError("failed", `${JSON.stringify(name)} is not a valid name.`);
  }
  const path = name.isWellFormed() ? `/proc/self/fd/${folder}/${name}` : nodePath(folder, nativeBytes(name));
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (thrown) {
    if (thrown instanceof Error && ownErrnoOf(thrown) !== undefined) return thrown;
    throw thrown;
  }
}

function checkPath(path: string): void {
  if (path === "" || !(/(?:^|\/)\.{0,2}(?:\/|$)/.test(path) || path.includes("\0"))) return;
  throw new HoldfastError("failed", `${JSON.stringify(path)} is not a path in the folder.`);
}

/** Steps end at names, below a call's limit of 4,095 bytes. */
function stepsOf(path: string): string[] {
  if (path.length <= stepLengthMax) return [path];
  const steps: string[] = [];
  let step = "";
  for (const name of path.split("/")) {
    const next = step === "" ? name : `${step}/${name}`;
    if (next.length > stepLengthMax && step !== "") {
      steps.push(step);
      step = name;
    } else step = next;
  }
  return [...steps, step];
}

const notAFolder = systemConstants.errno.ENOTDIR;

/** UTF-16 units of at most three bytes each. */
const stepLengthMax = 1200;

function replaceBy(old: number, next: number): number {
  closeSync(old);
  return next;
}
