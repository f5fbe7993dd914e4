import { setImmediate } from "node:timers/promises";

const itemsPerTurn = 2000;

/** Yields to other requests: an item takes microseconds, but there may be half a million. */
export async function eachInTurns<Item>(items: readonly Item[], work: (item: Item) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % itemsPerTurn === 0) await setImmediate();
    work(item);
  }
}
