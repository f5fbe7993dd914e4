/** A shorter start of an id is probably a mistake. */
const idStartMin = 4;

/** The start may end in an ellipsis: `01a21dab-7575…`. */
export function withIdStart<Item>(items: readonly Item[], idOf: (item: Item) => string, which: string): Item[] {
  const start = which.toLowerCase().replace(/(?:…|\.\.\.)$/, "");
  return start.length < idStartMin ? [] : items.filter((item) => idOf(item).startsWith(start));
}
