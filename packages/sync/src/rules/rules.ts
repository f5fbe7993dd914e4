import { sha256 } from "@holdfast/core/hash";
import { ignoreFileName } from "@holdfast/core/names";
import { isTemporary } from "@holdfast/core/temporary-names";
import { Recent } from "../general/recent.ts";
import { originalFrom } from "../model/repositories.ts";
import { ownFolder } from "@holdfast/sync-ports/paths";
import { type BrokenPattern, brokenPatterns } from "./broken-patterns.ts";
import { IgnorePatterns } from "./ignore-patterns.ts";
import { ruleLines } from "./rule-lines.ts";

/** In the root; a file like any other, so that all devices have the same rules. It never hides itself. */
export const ignorePath = ignoreFileName;

/** Renewed when the built-in list changes, what is never hidden, or what is read, so that it counts as a change of the rules. */
const version = 4;

/** Which paths this device neither sends nor takes. */
export class Rules {
  /** Names them: equal digests, equal rules. */
  readonly digest: string;
  /** Nothing but the built-in list. */
  readonly isPlain: boolean;
  /** Lines of the ignore file that keep nothing away. */
  readonly broken: readonly BrokenPattern[];
  readonly #patterns: IgnorePatterns;
  readonly #excluded: readonly string[];

  /**
   * @param text of the ignore file, in gitignore's syntax; a pattern with `!` also overrules the built-in list
   * @param excluded paths that this device does not want, with all that is in them
   */
  constructor(text: string, excluded: readonly string[]) {
    this.#excluded = excluded.map((path) => path.normalize("NFC"));
    ({ patterns: this.#patterns, broken: this.broken } = read(text));
    this.isPlain = text === "" && excluded.length === 0;
    this.digest = sha256(Buffer.from(JSON.stringify([version, text, excluded])));
  }

  /** @param path relative to the root, `/` between names */
  hides(path: string, isFolder: boolean): boolean {
    const normal = originalPath(path.normalize("NFC"));
    // Nor a conflicted copy of it, or its bytes would reach no server.
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

/** Texts that count one after the other: the one before a change, and the one after. Each cycle makes several `Rules` of one. */
const lastRead = new Recent<string, ReadText>(2);

function read(text: string): ReadText {
  const known = lastRead.get(text);
  if (known !== undefined) return known;
  const patterns = new IgnorePatterns(ruleLines(text).lines.map((line) => line.normalize("NFC")));
  const made = { patterns, broken: brokenPatterns(text) };
  lastRead.set(text, made);
  return made;
}

/** In, or itself, the folder that another sync keeps its files in: a lock, a clock, a trash, and a marker that must stand nowhere else. */
function isAnothersOwn(path: string, isFolder: boolean): boolean {
  return path.includes(`/${ownFolder}/`) || (isFolder && path.endsWith(`/${ownFolder}`));
}

/** The copy of a conflict is wanted where its original is, or it would never reach the server. */
function originalPath(path: string): string {
  return path.includes(" (") ? path.split("/").map(originalFrom).join("/") : path;
}
