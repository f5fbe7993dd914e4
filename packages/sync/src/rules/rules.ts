import { sha256 } from "@holdfast/core/hash";
import { ignoreFileName } from "@holdfast/core/names";
import { isTemporary } from "@holdfast/core/temporary-names";
import { RecentCache } from "../general/recent-cache.ts";
import { originalFrom } from "../model/repositories.ts";
import { ownFolder } from "@holdfast/sync-ports/paths";
import { type BrokenPattern, brokenPatterns } from "./broken-patterns.ts";
import { IgnorePatterns } from "./ignore-patterns.ts";
import { ruleLines } from "./rule-lines.ts";

/** An ordinary file, so that all devices have the same rules. Never hides itself. */
export const ignorePath = ignoreFileName;

/** Increase when the built-in list, the exceptions or the reading change: that is a change of rules. */
const version = 4;

export class Rules {
  readonly digest: string;
  /** Only the built-in list applies. */
  readonly isPlain: boolean;
  readonly broken: readonly BrokenPattern[];
  readonly #patterns: IgnorePatterns;
  readonly #excluded: readonly string[];

  /**
   * @param text gitignore syntax; a `!` pattern also overrides the built-in list
   * @param excluded paths excluded with all their content
   */
  constructor(text: string, excluded: readonly string[]) {
    this.#excluded = excluded.map((path) => path.normalize("NFC"));
    ({ patterns: this.#patterns, broken: this.broken } = read(text));
    this.isPlain = text === "" && excluded.length === 0;
    this.digest = sha256(Buffer.from(JSON.stringify([version, text, excluded])));
  }

  /** @param path relative to the root, with `/` between names */
  hides(path: string, isFolder: boolean): boolean {
    const normal = originalPath(path.normalize("NFC"));
    // Includes its conflicted copies, which would otherwise not be uploaded.
    if (normal === ignorePath) return false;
    if (isAnothersOwn(normal, isFolder)) return true;
    if (this.#excluded.some((each) => normal === each || normal.startsWith(`${each}/`))) return true;
    const verdict = this.#patterns.ignores(normal, isFolder);
    if (verdict !== undefined) return verdict;
    return !isFolder && isTemporary(normal.slice(normal.lastIndexOf("/") + 1));
  }
}

interface ReadText {
  readonly patterns: IgnorePatterns;
  readonly broken: readonly BrokenPattern[];
}

/** The texts before and after a change: each cycle creates several `Rules` from one text. */
const lastRead = new RecentCache<string, ReadText>(2);

function read(text: string): ReadText {
  const known = lastRead.get(text);
  if (known !== undefined) return known;
  const patterns = new IgnorePatterns(ruleLines(text).lines.map((line) => line.normalize("NFC")));
  const made = { patterns, broken: brokenPatterns(text) };
  lastRead.set(text, made);
  return made;
}

/** True for another sync's own folder: a lock, a clock, a trash and a marker that must not be copied. */
function isAnothersOwn(path: string, isFolder: boolean): boolean {
  return path.includes(`/${ownFolder}/`) || (isFolder && path.endsWith(`/${ownFolder}`));
}

/** A conflicted copy is visible, and so uploaded, if its original is. */
function originalPath(path: string): string {
  return path.includes(" (") ? path.split("/").map(originalFrom).join("/") : path;
}
