import type { PathPattern } from "./read-pattern.ts";

interface Placed {
  readonly pattern: PathPattern;
  readonly place: number;
}

/**
 * Finds the last match without testing most patterns: one with a literal name (`/a/b`, `build/`), as most in large
 * ignore files, matches only paths with that name.
 */
export class PatternIndex {
  readonly isEmpty: boolean;
  /** Patterns by their rarest name. Each list starts with the last pattern. */
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

  /** @param names each is non-empty */
  last(names: readonly string[], isNamed: (pattern: PathPattern) => boolean): PathPattern | undefined {
    let best = lastIn(this.#others, -1, isNamed);
    for (const name of new Set(names)) best = lastIn(this.#byName.get(name) ?? [], best?.place ?? -1, isNamed) ?? best;
    return best?.pattern;
  }
}

/** @param above only later patterns count */
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

/** Every matching path contains these. */
function namesIn({ chunks }: PathPattern): string[] {
  return chunks.flat().flatMap((glob) => glob.onlyName ?? []);
}
