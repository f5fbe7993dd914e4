/** Runs a limited number of tasks beside the caller, started in order. After a failure no further task starts. */
export class TaskGroup {
  readonly #atOnceMax: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly thrown: unknown } | undefined;

  constructor(atOnceMax: number) {
    this.#atOnceMax = atOnceMax;
  }

  /** Resolves when the task has started, so a faster caller waits. @throws the failure of an earlier task */
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

  /** Resolves when all tasks have ended. @throws the first failure */
  async finish(): Promise<void> {
    await this.settle();
    this.#check();
  }

  /** Resolves when all tasks have ended, and ignores failures. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }
}

/**
 * Processes items with limited concurrency, started in order.
 * @throws the first failure, including one of the items' iterator, after all started tasks have ended
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

/** Like `forEachBounded`. @returns the results in the order of the items */
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
