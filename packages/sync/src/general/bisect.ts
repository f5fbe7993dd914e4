import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";

/** Errors that concern the server, the connection, permissions or a stop, not one element. */
const ofAll: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "unauthenticated",
  "forbidden",
  "reset",
  "request_timeout",
  "rate_limited",
  "store_full",
  "unavailable",
  "unreachable",
  "failed",
]);
/** After this many consecutive server failures, the elements are not the cause. */
export const brokenMax = 8;

export function concernsElement(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && !ofAll.has(error.code);
}

/**
 * Sends one request for all items, and halves the list until rejected items are alone.
 * @param isRefusal true if a failure may concern one item
 * @returns in the order of the items
 */
export async function bisect<Item, Answer>(
  items: readonly Item[],
  ask: (some: readonly Item[]) => Promise<Answer>,
  refused: (item: Item, error: HoldfastError) => void,
  isRefusal: typeof concernsElement = concernsElement,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const waiting = [items];
  let broken = 0;
  for (let some = waiting.pop(); some !== undefined; some = waiting.pop()) {
    try {
      answers.push(await ask(some));
      broken = 0;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const middle = Math.ceil(some.length / 2);
      const [only] = some;
      if (some.length > 1) waiting.push(some.slice(middle), some.slice(0, middle));
      else if (only !== undefined) refused(only, error);
      if (some.length > 1) continue;
      broken = error.code === "internal" ? broken + 1 : 0;
      if (broken >= brokenMax) throw error;
    }
  }
  return answers;
}
