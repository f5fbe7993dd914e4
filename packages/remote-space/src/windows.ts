/** Runs of at most `bytesMax` and `countMax`. A single item may be larger. */
export function windowsOf<Item>(
  items: readonly Item[],
  {
    bytesMax,
    countMax,
    bytesOf,
  }: { readonly bytesMax: number; readonly countMax: number; readonly bytesOf: (item: Item) => number },
): Item[][] {
  const windows: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const last = windows.at(-1);
    bytes += bytesOf(item);
    if (last !== undefined && bytes <= bytesMax && last.length < countMax) last.push(item);
    else {
      windows.push([item]);
      bytes = bytesOf(item);
    }
  }
  return windows;
}
