/** So many at a time, until all are done. @throws what the first one that failed threw; nothing more is begun then */
export async function runAll<Item>(
  atOnce: number,
  items: readonly Item[],
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const failed = new AbortController();
  const work = async () => {
    for (const item of queue) {
      if (failed.signal.aborted) return;
      await run(item).catch((thrown: unknown) => {
        failed.abort();
        throw thrown;
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
