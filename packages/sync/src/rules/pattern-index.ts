import type { PathPattern } from "./read-pattern.ts";

interface Placed {
  readonly pattern: PathPattern;
  readonly place: number;
}

/**
 * Finds the last matching pattern without testing most of them. A pattern with a literal name (`/a/b`, `build/`)
 * matches only paths with that name, and large ignore files mostly have such patterns.
 */
export class PatternIndex {
  readonly isEmpty: boolean;
  /** Each list starts with the last pattern. Its key is the rarest of the pattern's names. */
  readonly #byName: ReadonlyMap<string, readonly Placed[]>;
  /** Patterns without a literal name. */
  readonly #others: readonly Placed[];

  constructor(patterns: readonly PathPattern[]) {
    this.isEmpty = patterns.length === 0;
    const counts = new Map<string, number>();
    for (const name of patterns.flatMap(namesIn)) counts.set(name, (counts.get(name) ?? 0) + 1);
    const countOf = (name: string): number => counts.get(name) ?? 0;
    const placed = patterns.map((pattern, place) => ({ pattern, place })).toReversed();
    const byName = Map.groupBy(placed, ({ pattern }) => {
      const [first, ...more] = namesIn(pattern);
      return first === undefined
        ? ""
        : more.reduce((best, name) => (countOf(name) < countOf(best) ? name : best), first);
    });
    this.#others = byName.get("") ?? [];
    byName.delete("");
    this.#byName = byName;
  }

  /** @param names names of the path, none of them empty */
  last(names: readonly string[], isNamed: (pattern: PathPattern) => boolean): PathPattern | undefined {
    let best = lastIn(this.#others, -1, isNamed);
    for (const name of new Set(names)) best = lastIn(this.#byName.get(name) ?? [], best?.place ?? -1, isNamed) ?? best;
    return best?.pattern;
  }
}

/** @param above only patterns after this place count */
function lastIn(
  placed: readonly Placed[],
  above: number,
  isNamed: (pattern: PathPattern) => boolean,
): Placed | undefined {
  for (const each of placed) {
    if (each.place <= above) return undefined;
    if (isNamed(each.pattern)) return each;
  }
  return undefined;
}

/** Returns names that every matching path contains. */
function namesIn({ chunks }: PathPattern): string[] {
  return chunks.flat().flatMap((glob) => glob.onlyName ?? []);
}
