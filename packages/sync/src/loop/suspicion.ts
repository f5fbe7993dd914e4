import type { Suspects } from "../scan/scope.ts";

/** Of folders that this engine has moved; more than one plan does at once is rare. */
const movesMax = 1000;

/** Where the disk may be otherwise than it is known: everywhere at first, then what was hinted at or did not hold still. */
export class Suspicion {
  #suspects: Set<string> | "all" = "all";
  #moves: { readonly from: string; readonly to: string }[] = [];

  add(suspects: Suspects): void {
    if (this.#suspects === "all" || suspects === "all") {
      this.#suspects = "all";
      return;
    }
    // To the same set: it is added to once for each operation of a plan, and a copy each time would hold everything up.
    for (const path of suspects) for (const name of this.#namesOf(path)) this.#suspects.add(name);
  }

  /** The engine has moved a folder: what was hinted at just before, or is told late, names the old path. */
  noteMove(from: string, to: string): void {
    this.#moves.push({ from, to });
    if (this.#moves.length > movesMax) this.#moves.shift();
    if (this.#suspects === "all") return;
    // All earlier moves have been followed already. What is added is not gone through again: names that lead into each other would have no end.
    const moved = [...this.#suspects].filter((path) => isAtOrBelow(path, from));
    for (const path of moved) this.#suspects.add(to + path.slice(from.length));
  }

  get isEverywhere(): boolean {
    return this.#suspects === "all";
  }

  /** Whoever takes it looks there, or adds it again. */
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
