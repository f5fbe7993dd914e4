import { RecentCache } from "../general/recent-cache.ts";
import { PatternIndex } from "./pattern-index.ts";
import { type PathPattern, readPattern } from "./read-pattern.ts";
import type { SegmentGlob, Work } from "./segment-glob.ts";

const foldersRemembered = 1000;

/**
 * `.gitignore` syntax: the last match decides, and content of an ignored folder is ignored. Others may write the
 * patterns, so the cost is at most pattern length times path length, without regular expressions.
 */
export class IgnorePatterns {
  readonly work: Work = { steps: 0 };
  readonly #index: PatternIndex;
  readonly #ignoredFolders = new RecentCache<string, boolean>(foldersRemembered);

  constructor(lines: readonly string[]) {
    const patterns = lines
      .map((line, index) => readPattern(index === 0 && line.startsWith(byteOrderMark) ? line.slice(1) : line))
      .filter((pattern) => pattern !== undefined);
    this.#index = new PatternIndex(patterns);
  }

  /**
   * @param path without a trailing slash
   * @returns true: ignored; false: a `!` pattern decided; undefined: no match
   */
  ignores(path: string, isFolder: boolean): boolean | undefined {
    if (this.#index.isEmpty) return undefined;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (folder !== "" && this.#isIgnoredFolder(folder)) return true;
    const names = path.split("/");
    const found = this.#index.last(names, (pattern) => isNamed(pattern, names, isFolder, this.work));
    return found === undefined ? undefined : !found.isNegative;
  }

  #isIgnoredFolder(path: string): boolean {
    const known = this.#ignoredFolders.get(path);
    if (known !== undefined) return known;
    const is = this.ignores(path, true) === true;
    this.#ignoredFolders.set(path, is);
    return is;
  }
}

const byteOrderMark = "\uFEFF";

function isNamed(pattern: PathPattern, names: readonly string[], isFolder: boolean, work: Work): boolean {
  if (pattern.end === "folder" && !isFolder) return false;
  if (isMatch(pattern, names, work)) return true;
  return isFolder && pattern.mayEndEmpty && isMatch(pattern, [...names, ""], work);
}

/** The first possible position of each chunk leaves the most room for the rest. */
function isMatch({ chunks, floats, end }: PathPattern, names: readonly string[], work: Work): boolean {
  let at = 0;
  for (const [index, chunk] of chunks.entries()) {
    const isFixed = index === 0 && !floats;
    if (index === chunks.length - 1 && end !== "below") {
      const start = names.length - chunk.length;
      return (isFixed ? start === 0 : start >= at) && isAt(chunk, names, start, work);
    }
    const found = find(chunk, isFixed ? names.slice(0, chunk.length) : names, at, work);
    if (found === undefined) return false;
    at = found + chunk.length;
  }
  return at < names.length;
}

function isAt(chunk: readonly SegmentGlob[], names: readonly string[], start: number, work: Work): boolean {
  return start + chunk.length <= names.length && chunk.every((glob, at) => glob.matches(names[start + at] ?? "", work));
}

function find(chunk: readonly SegmentGlob[], names: readonly string[], from: number, work: Work): number | undefined {
  for (let start = from; start + chunk.length <= names.length; start += 1)
    if (isAt(chunk, names, start, work)) return start;
  return undefined;
}
