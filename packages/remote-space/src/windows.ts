/** Cuts a list into runs of at most `bytesMax` and `countMax`; one item alone may have more bytes. */
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

/** Runs the steps in order, up to `ahead` of them before their results are asked for. */
export async function* readAhead<Result>(
  steps: readonly (() => Promise<Result>)[],
  ahead: number,
): AsyncGenerator<Result, void, undefined> {
  const running: Promise<Result>[] = [];
  let next = 0;
  do {
    for (const step of steps.slice(next, next + 1 + ahead - running.length)) {
      const result = step();
      // Its failure is met when it is awaited.
      result.catch(() => {});
      running.push(result);
      next += 1;
    }
    const first = running.shift();
    if (first !== undefined) yield await first;
  } while (running.length > 0 || next < steps.length);
}
