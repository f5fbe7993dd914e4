import type { Suspects } from "../../scan/scope.ts";

/** A plan rarely moves more folders. */
const movesMax = 1000;

/** Places where the disk may differ from the state: everything at first, then hinted and changing places. */
export class Suspicion {
  #suspects: Set<string> | "all" = "all";
  #moves: { readonly from: string; readonly to: string }[] = [];

  add(suspects: Suspects): void {
    if (this.#suspects === "all" || suspects === "all") {
      this.#suspects = "all";
      return;
    }
    // Adds to the same set. A copy for each operation of a plan would block everything.
    for (const path of suspects) for (const name of this.#namesOf(path)) this.#suspects.add(name);
  }

  /** Earlier and late hints of a folder moved by the engine use the old path. */
  noteMove(from: string, to: string): void {
    this.#moves.push({ from, to });
    if (this.#moves.length > movesMax) this.#moves.shift();
    if (this.#suspects === "all") return;
    // Earlier moves were followed already. Added names are not followed, because cyclic names would never end.
    const moved = [...this.#suspects].filter((path) => isAtOrBelow(path, from));
    for (const path of moved) this.#suspects.add(to + path.slice(from.length));
  }

  get isEverywhere(): boolean {
    return this.#suspects === "all";
  }

  /** The caller scans the suspects or adds them again. */
  take(): Suspects {
    const taken = this.#suspects;
    this.#suspects = new Set();
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
