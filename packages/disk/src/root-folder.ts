import { closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { constants as systemConstants } from "node:os";
import { HoldfastError } from "@holdfast/core/errors";
import { ownErrnoOf } from "./disk-error.ts";
import { nativeBytes } from "./native-name.ts";
import { openPathOnly, SystemCallError } from "./native.ts";
import type { Native, NativeName } from "./native.ts";

/** The calls that resolve a path. One that is not to be had fails with ENOSYS. */
export type Openers = Pick<Native, "openBelow" | "openAbsolute">;

/**
 * Opens what lies below the root. The kernel itself resolves each path, through no symbolic link: what a link leads to is
 * never read and never written, even if a folder is replaced by one in the very moment. A path of any length is reached in steps.
 * Without openat2 each name is opened in the folder before it, which holds the same and costs a call a name.
 */
export class RootFolder<Calls extends Openers = Native> {
  readonly path: string;
  readonly native: Calls;
  readonly #held: number | undefined;
  #hasOpenBelow = true;

  /**
   * @param held a descriptor of the root, the caller's to close: then it stays that very folder, whatever takes its path;
   *   otherwise what stands at the path each time
   */
  constructor(path: string, native: Calls, held?: number) {
    this.path = path;
    this.native = native;
    this.#held = held;
  }

  /**
   * @param flags of open(2); what is open does not follow a link in the last name and is the caller's to close
   * @throws SystemCallError; HoldfastError unavailable if the root itself cannot be opened, failed for what is no path
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

  /** Does something with the last name in its folder. */
  withName<Result>(path: string, act: (at: NativeName) => Result): Result {
    const at = this.openName(path);
    try {
      return act(at);
    } finally {
      closeSync(at.folder);
    }
  }

  /** The same; the folder is the caller's to close. */
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

  /** In one call instead of three. @returns undefined if it fails: step by step it shows why */
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
   * Looks at names in a folder that is opened once, no link, as `look` does at each.
   * @returns for each what stands there, nothing, or why that cannot be told
   */
  lookIn(path: string, names: readonly string[]): (BigIntStats | undefined | Error)[] {
    const folder = this.open(path, folderFlags);
    try {
      return names.map((name) => lookAt(folder, name));
    } finally {
      closeSync(folder);
    }
  }

  /** A folder that is not mounted, or gone, has nothing to say about what is in it. */
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
      // Kernels before 5.6, and sandboxes that were written before.
      if (errno === "ELOOP") throw this.#loopError(folder, path, flags, thrown);
      if (errno !== "ENOSYS" && errno !== "EPERM") throw thrown;
      this.#hasOpenBelow = false;
      return this.#walk(folder, path, flags, mode);
    }
  }

  /** Where the path has a folder and the disk a link there is none, as if a file stood there. */
  #loopError(folder: number, path: string, flags: number, thrown: unknown): unknown {
    const slash = path.lastIndexOf("/");
    if ((flags & openPathOnly) !== 0) return new SystemCallError("openat2", notAFolder);
    // Throws what the link is, if it stands before the last name.
    if (slash !== -1) closeSync(this.#openStep(folder, path.slice(0, slash), folderFlags, 0));
    return thrown;
  }

  /** The same, name by name. */
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
/** Never waits for the other end of a pipe or for a device. */
export const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** A path of Node's own calls for a name in an open folder; the name ends with a NUL, and the path does not. */
export function nodePath(folder: number, name: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name.subarray(0, -1)]);
}

/** Of something in a folder. */
export function isName(text: string): boolean {
  return text !== "" && text !== "." && text !== ".." && !/[/\0]/.test(text);
}

/** By one call; the last name is not followed. */
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

/** A call takes 4,095 bytes; a path is cut between names into steps that are shorter. */
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

/** In UTF-16, of which each makes at most three bytes. */
const stepLengthMax = 1200;

function replaceBy(old: number, next: number): number {
  closeSync(old);
  return next;
}
