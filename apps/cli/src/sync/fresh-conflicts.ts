import { originalPath } from "@holdfast/sync/execute/resolve-conflict";
import type { RecentChange } from "@holdfast/sync/loop/reports/progress";

/**
 * Distinguishes conflicts of this run from earlier conflicted copies: those of earlier runs, and those that the folder
 * or the server had at the first sync.
 */
export class FreshConflicts {
  #known: ReadonlySet<string>;
  readonly #copied = new Set<string>();
  /** Copies by other devices, and names that moved to another file. */
  readonly #arrived = new Set<string>();
  #isFirstSync: boolean;

  /** @param conflicts conflicted copies at the start  @param isFirstSync the folder was never in sync */
  constructor(conflicts: readonly string[] = [], isFirstSync = false) {
    this.#known = new Set(conflicts);
    this.#isFirstSync = isFirstSync;
  }

  done({ path, what, direction }: Pick<RecentChange, "path" | "what" | "direction">): void {
    if (what === "copied aside") this.#copied.add(path);
    const isArrived = what === "moved" || (direction === "down" && !this.#isFirstSync);
    if (isArrived && originalPath(path) !== path) this.#arrived.add(path);
  }

  /** @returns paths since the last call: new conflicts, and earlier copies */
  after(conflicts: readonly string[], isInSync: boolean): { readonly fresh: string[]; readonly found: string[] } {
    const added = conflicts.filter((path) => !this.#known.has(path));
    this.#known = new Set(conflicts);
    if (isInSync) this.#isFirstSync = false;
    const isFresh = (path: string): boolean => this.#arrived.has(path) || this.#copied.has(originalPath(path));
    return { fresh: added.filter(isFresh), found: added.filter((path) => !isFresh(path)) };
  }
}
