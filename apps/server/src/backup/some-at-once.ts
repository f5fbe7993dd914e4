/** Does the work for each item, so many at a time. The first failure ends it, once what is under way has ended. */
export async function someAtOnce<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnceMax: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const under = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    const doing = work(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => under.delete(doing));
    under.add(doing);
    if (under.size >= atOnceMax) await Promise.race(under);
    if (failures.length > 0) break;
  }
  await Promise.all(under);
  if (failures.length > 0) throw failures[0];
}
