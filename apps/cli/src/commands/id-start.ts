/** Fewer characters of an id are more likely to be a mistake. */
const idStartMin = 4;

/** Those whose id begins so, as examples write it: `01a21dab-7575…`. */
export function withIdStart<Item>(items: readonly Item[], idOf: (item: Item) => string, which: string): Item[] {
  const start = which.toLowerCase().replace(/(?:…|\.\.\.)$/, "");
  return start.length < idStartMin ? [] : items.filter((item) => idOf(item).startsWith(start));
}
