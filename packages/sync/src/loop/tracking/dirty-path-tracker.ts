import type { DirtyPaths } from "../../scan/scope.ts";

/** A plan rarely moves more folders. */
const movesMax = 1000;

/** Places where the disk may differ from the state: everything at first, then hinted and changing places. */
export class DirtyPathTracker {
  #dirtyPaths: Set<string> | "all" = "all";
  #moves: { readonly from: string; readonly to: string }[] = [];

  add(dirtyPaths: DirtyPaths): void {
    if (this.#dirtyPaths === "all" || dirtyPaths === "all") {
      this.#dirtyPaths = "all";
      return;
    }
    // Adds to the same set. A copy for each operation of a plan would block everything.
    for (const path of dirtyPaths) for (const name of this.#namesOf(path)) this.#dirtyPaths.add(name);
  }

  /** Earlier and late hints of a folder moved by the engine use the old path. */
  noteMove(from: string, to: string): void {
    this.#moves.push({ from, to });
    if (this.#moves.length > movesMax) this.#moves.shift();
    if (this.#dirtyPaths === "all") return;
    // Earlier moves were followed already. Added names are not followed, because cyclic names would never end.
    const moved = [...this.#dirtyPaths].filter((path) => isAtOrBelow(path, from));
    for (const path of moved) this.#dirtyPaths.add(to + path.slice(from.length));
  }

  get isEverywhere(): boolean {
    return this.#dirtyPaths === "all";
  }

  /** The caller scans the paths or adds them again. */
  take(): DirtyPaths {
    const taken = this.#dirtyPaths;
    this.#dirtyPaths = new Set();
    if (taken === "all") this.#moves = [];
    return taken;
  }

  #namesOf(path: string): string[] {
    const names = [path];
    let at = path;
    for (const { from, to } of this.#moves) {
      if (!isAtOrBelow(at, from)) continue;
      at = to + at.slice(from.length);
      names.push(at);
    }
    return names;
  }
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
