import { HoldfastError } from "@holdfast/core/errors";

/**
 * If an item fails, the error names the items that were done before.
 * @param nameOf name of an item in messages
 */
export async function inTurn<Item, Result>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    try {
      results.push(await act(item));
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown;
      const { code, message, body } = thrown;
      const name = nameOf(item);
      // A message such as "You are a viewer here" does not name the item.
      const named = code !== "forbidden" || message.includes(name) ? message : `${name}: ${message}`;
      const done = items.slice(0, index).map(nameOf).join(", ");
      const fullMessage = done === "" ? named : `${named} Done before the error: ${done}.`;
      throw fullMessage === message ? thrown : new HoldfastError(code, fullMessage, { cause: thrown, body });
    }
  }
  return results;
}
