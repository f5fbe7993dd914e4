import { HoldfastError } from "./errors.ts";
import { limits } from "./limits.ts";
import { printable } from "./printable.ts";
import { exceedsBytes } from "./utf8-length.ts";

/** File with patterns of paths that the devices of a synced folder exclude. */
export const ignoreFileName = ".holdfastignore";

/** Folder of a git repository, whose settings and hooks run programs, or a file that names that folder. */
export const repositoryName = ".git";

/** Key under which names of one folder are equal: NFC, case-sensitive (a Linux source tree must survive). */
export function nameKey(name: string): string {
  return name.normalize("NFC");
}

/**
 * Returns the problem with a node's name, or undefined. Every UTF-8 name is valid except: empty, `.`, `..`, names with
 * `/`, NUL, another control character (C0, DEL) or an unpaired surrogate, and names longer than 255 bytes.
 */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name === "." || name === "..") return `is ${name}, which means a folder, not a name`;
  if (name.includes("/")) return "contains a slash";
  if (hasControlCharacter(name)) return "contains a control character";
  if (!name.isWellFormed()) return "is not UTF-8";
  if (exceedsBytes(name, limits.nameBytesMax)) return `is longer than ${limits.nameBytesMax} bytes`;
  return undefined;
}

/** Code of an invalid name, for scripts. */
export type UnfitNameCode = "control_character" | "not_utf8" | "unfit_name";

export function unfitNameCode(name: string): UnfitNameCode {
  if (hasControlCharacter(name)) return "control_character";
  return name.isWellFormed() ? "unfit_name" : "not_utf8";
}

function hasControlCharacter(name: string): boolean {
  return controlCharacters.test(name);
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const controlCharacters = /[\u0000-\u001f\u007f]/;

/** @throws HoldfastError invalid_field */
export function checkName(name: string, field = "name"): void {
  const problem = nameProblem(name);
  if (problem !== undefined) {
    throw new HoldfastError("invalid_field", `The name "${printable(name.slice(0, 80))}" ${problem}.`, { field });
  }
}

/**
 * Splits a path into names, root first; empty for the root. `/a/b`, `a/b` and `/a/b/` are equal.
 * @throws HoldfastError invalid_field for an invalid name, too many names or too many bytes
 */
export function splitPath(path: string, field = "path"): string[] {
  if (exceedsBytes(path, limits.pathBytesMax)) {
    throw new HoldfastError("invalid_field", `The path is longer than ${limits.pathBytesMax} bytes.`, { field });
  }
  const names = path.split("/");
  if (names[0] === "") names.shift();
  if (names.at(-1) === "") names.pop();
  if (names.length > limits.pathNamesMax) {
    throw new HoldfastError("invalid_field", `The path is deeper than ${limits.pathNamesMax} names.`, { field });
  }
  for (const name of names) checkName(name, field);
  return names;
}

export function joinPath(names: readonly string[]): string {
  return `/${names.join("/")}`;
}
