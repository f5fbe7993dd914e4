import { assertWanted } from "./call-signal.ts";
import type { ObjectEntry } from "./object-store.ts";

interface Head {
  readonly entries: AsyncIterator<ObjectEntry>;
  entry: ObjectEntry | undefined;
  failure: { readonly error: unknown } | undefined;
}

/**
 * Merges lists in ascending order, each key once, with the larger size if they differ: a shorter object is truncated. A
 * failed list is omitted from there on; if all fail, so does the result.
 */
export async function* mergeLists(
  lists: readonly AsyncIterable<ObjectEntry>[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectEntry, void, undefined> {
  const heads = lists.map((list): Head => {
    return { entries: list[Symbol.asyncIterator](), entry: undefined, failure: undefined };
  });
  try {
    await Promise.all(heads.map(advance));
    for (;;) {
      assertWanted(signal);
      const least = heads.reduce<ObjectEntry | undefined>((known, { entry }) => smaller(known, entry), undefined);
      if (least === undefined) break;
      const same = heads.filter(({ entry }) => entry?.key === least.key);
      yield same.reduce(
        (known, { entry }) => (entry !== undefined && entry.sizeBytes > known.sizeBytes ? entry : known),
        least,
      );
      await Promise.all(same.map(advance));
    }
    const [first] = heads;
    if (first?.failure !== undefined && heads.every(({ failure }) => failure !== undefined)) throw first.failure.error;
  } finally {
    await Promise.allSettled(heads.map(async ({ entries }) => entries.return?.()));
  }
}

async function advance(head: Head): Promise<void> {
  try {
    const step = await head.entries.next();
    head.entry = step.done === true ? undefined : step.value;
  } catch (error) {
    head.entry = undefined;
    head.failure = { error };
  }
}

function smaller(left: ObjectEntry | undefined, right: ObjectEntry | undefined): ObjectEntry | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return right.key < left.key ? right : left;
}
