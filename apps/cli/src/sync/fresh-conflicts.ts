import { originalPath } from "@holdfast/sync/execute/keep-conflict";
import type { RecentChange } from "@holdfast/sync/loop/progress";

/**
 * Tells the conflicts that happen in this run from conflicted copies that were there before: those of earlier runs, those that lay in a folder when
 * its sync began, and those that the server had then.
 */
export class FreshConflicts {
  #known: ReadonlySet<string>;
  /** Files of which this run made a copy. */
  readonly #copied = new Set<string>();
  /** Copies that another device made, and names that were given up to another file. */
  readonly #arrived = new Set<string>();
  #isFirstSync: boolean;

  /**
   * The state at the start of a run.
   * @param isFirstSync the folder was never in sync yet
   */
  constructor(conflicts: readonly string[] = [], isFirstSync = false) {
    this.#known = new Set(conflicts);
    this.#isFirstSync = isFirstSync;
  }

  done({ path, what, direction }: Pick<RecentChange, "path" | "what" | "direction">): void {
    if (what === "copied aside") this.#copied.add(path);
    const isArrived = what === "moved" || (direction === "down" && !this.#isFirstSync);
    if (isArrived && originalPath(path) !== path) this.#arrived.add(path);
  }

  /** @returns the paths that are new since the last call: of conflicts, and of copies from before */
  after(conflicts: readonly string[], isInSync: boolean): { readonly fresh: string[]; readonly found: string[] } {
    const added = conflicts.filter((path) => !this.#known.has(path));
    this.#known = new Set(conflicts);
    if (isInSync) this.#isFirstSync = false;
    const isFresh = (path: string): boolean => this.#arrived.has(path) || this.#copied.has(originalPath(path));
    return { fresh: added.filter(isFresh), found: added.filter((path) => !isFresh(path)) };
  }
}
