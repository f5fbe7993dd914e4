import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";

/** They say nothing of what is in a request: the server, the way to it or the right to use it fails, or somebody stopped. */
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
/** After so many in a row that the server could not answer at all, without one that it could, it is not for what they asked. */
export const brokenMax = 8;

/** Whether a request was refused for something in it, which may be one of many. */
export function isOfElement(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && !ofAll.has(error.code);
}

/**
 * Asks for all together, and where that is refused for something in it, for each half, until what is refused stands alone.
 * @param refused hears of each that is
 * @param isRefusal whether a failure may be for one of them
 * @returns the answers, in the order of the items
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
