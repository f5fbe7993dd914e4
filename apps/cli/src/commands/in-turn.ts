import { HoldfastError } from "@holdfast/core/errors";

/**
 * Does `act` to each, in order. What is done stays done when one fails, so the failure names it.
 * @param nameOf how the message calls what is done
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
      // "You are a viewer here" does not say where.
      const named = code !== "forbidden" || message.includes(name) ? message : `${name}: ${message}`;
      const done = items.slice(0, index).map(nameOf).join(", ");
      const told = done === "" ? named : `${named} Done before the error: ${done}.`;
      throw told === message ? thrown : new HoldfastError(code, told, { cause: thrown, body });
    }
  }
  return results;
}
