import { utf8Bytes } from "@holdfast/core/utf8-length";
import { originalName } from "./conflicted-name.ts";
import type { Place } from "./trees.ts";

/**
 * Git reads every file below `.git/refs` as a branch, and fails at one that is none: conflicted copies of what is in a repository go beside it, with the
 * path in their name.
 */
const separator = "~";
/** A label has less than a hundred bytes, and no name more than 255. */
const nameBytesMax = 150;

/** `.git`, or a bare repository by the name that git itself gives it. */
export function isRepository(name: string): boolean {
  return name.endsWith(".git");
}

/**
 * @param line the place of a file, then those of the folders in which it stands, from the nearest one up
 * @returns where copies of it belong, and by which name; undefined: beside it, as it is in no repository or the path fits no name
 */
export function placeBesideRepository(line: readonly Place[]): Place | undefined {
  const outermost = line.findLastIndex(({ name }, index) => index > 0 && isRepository(name));
  const repository = line[outermost];
  if (repository === undefined) return undefined;
  // The working tree is named too, and holds no copies: somebody would commit them.
  const top = repository.name === ".git" ? Math.min(outermost + 1, line.length - 1) : outermost;
  const names = line.slice(0, top + 1).map(({ name }) => name);
  const name = names.toReversed().join(separator);
  // Whoever ends the conflict has to find the file by the name of the copy.
  const leadsBack = utf8Bytes(name) <= nameBytesMax && names.every((each) => !each.includes(separator));
  return leadsBack ? { parent: (line[top] ?? repository).parent, name } : undefined;
}

/** The file of which something with this name is a conflicted copy: the path from where the copy is, or the name itself of what is none. */
export function originalFrom(name: string): string {
  const original = originalName(name);
  const names = original.split(separator);
  const isInRepository = original !== name && names.slice(0, -1).some(isRepository) && !names.includes("");
  return isInRepository ? names.join("/") : original;
}
