/**
 * Work that goes on beside its caller, so much of it at once and no more, begun in the order in which it was given. After a failure nothing
 * more is begun.
 */
export class TaskGroup {
  readonly #atOnceMax: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly thrown: unknown } | undefined;

  constructor(atOnceMax: number) {
    this.#atOnceMax = atOnceMax;
  }

  /** Resolves once the work has begun; so a caller that produces faster waits. @throws the failure of earlier work */
  async start(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#atOnceMax) await Promise.race(this.#running);
    this.#check();
    const task: Promise<void> = work()
      .catch((thrown: unknown) => {
        this.#failure ??= { thrown };
      })
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  /** Resolves when all has ended. @throws the first failure */
  async finish(): Promise<void> {
    await this.settle();
    this.#check();
  }

  /** The same, whatever failed. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }
}

/**
 * Does something with each item, so many at once, begun in their order.
 * @throws the first failure, that of the items themselves included, once all that was begun has ended
 */
export async function forEachBounded<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnceMax: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const tasks = new TaskGroup(atOnceMax);
  try {
    for await (const item of items) await tasks.start(() => act(item));
  } finally {
    await tasks.settle();
  }
  await tasks.finish();
}

/** The same. @returns the results in the order of the items */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  atOnceMax: number,
  act: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  await forEachBounded(items.entries(), atOnceMax, async ([index, item]) => {
    results[index] = await act(item, index);
  });
  return results;
}
