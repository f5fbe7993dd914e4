import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";

/** Codes that concern the server, the connection, the permissions or a stop, and not an element of the request. */
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
/** Consecutive failures of the server to answer at all from which the elements are not the cause. */
export const brokenMax = 8;

/** Returns true if the request was rejected for one of its elements. */
export function isOfElement(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && !ofAll.has(error.code);
}

/**
 * Sends one request for all items. If an element is rejected, splits the items in halves until the rejected ones are
 * alone.
 * @param refused called for each rejected item
 * @param isRefusal returns true if a failure may concern one item
 * @returns answers in the order of the items
 */
export async function inHalves<Item, Answer>(
  items: readonly Item[],
  ask: (some: readonly Item[]) => Promise<Answer>,
  refused: (item: Item, error: HoldfastError) => void,
  isRefusal: typeof isOfElement = isOfElement,
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
