import { utf8Bytes } from "@holdfast/core/utf8-length";
import { originalName } from "./conflicted-name.ts";
import type { Place } from "./trees.ts";

/**
 * Git reads every file below `.git/refs` as a branch and fails at invalid ones. Copies go beside the repository, with
 * the path in their name.
 */
const separator = "~";
/** A label has under 100 bytes, a name at most 255. */
const nameBytesMax = 150;

/** True for `.git`, or a bare repository with git's usual name. */
export function isRepository(name: string): boolean {
  return name.endsWith(".git");
}

/**
 * @param line place of the file, followed by its folders from the nearest up
 * @returns undefined: beside the file, which is in no repository or whose path is too long for a name
 */
export function placeBesideRepository(line: readonly Place[]): Place | undefined {
  const outermost = line.findLastIndex(({ name }, index) => index > 0 && isRepository(name));
  const repository = line[outermost];
  if (repository === undefined) return undefined;
  // Somebody would commit a copy in the working tree. Its name includes the tree.
  const top = repository.name === ".git" ? Math.min(outermost + 1, line.length - 1) : outermost;
  const names = line.slice(0, top + 1).map(({ name }) => name);
  const name = names.toReversed().join(separator);
  // The copy's name must lead back to the original.
  const leadsBack = utf8Bytes(name) <= nameBytesMax && names.every((each) => !each.includes(separator));
  return leadsBack ? { parent: (line[top] ?? repository).parent, name } : undefined;
}

/** The name leads from the copy's folder to the original. Other names are returned unchanged. */
export function originalFrom(name: string): string {
  const original = originalName(name);
  const names = original.split(separator);
  const isInRepository = original !== name && names.slice(0, -1).some(isRepository) && !names.includes("");
  return isInRepository ? names.join("/") : original;
}
