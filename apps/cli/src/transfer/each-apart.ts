import { toHoldfastError } from "@holdfast/core/errors";
import type { HoldfastError } from "@holdfast/core/errors";
import { assertNotHopeless } from "./transfer-report.ts";

export interface Apart<Each, Result> {
  /** Is done again for a part of what it was done for before. */
  readonly act: (some: readonly Each[]) => Promise<Result>;
  readonly done: (some: readonly Each[], result: Result) => void;
  /** Codes of failures that every other one would meet too, beside those that always mean so. */
  readonly hopeless?: ReadonlySet<string> | undefined;
  /** Is told of each that fails alone. */
  readonly refuse: (one: Each, failure: HoldfastError) => void;
}

/**
 * Does something with all at once, since one request for many is what makes it fast. Where that fails as a whole, the halves
 * are tried, until what makes it fail stands alone: one bad element takes no other along.
 * @throws HoldfastError for what every other one would meet too, and what `done` and `refuse` throw
 */
export async function eachApart<Each, Result>(all: readonly Each[], steps: Apart<Each, Result>): Promise<void> {
  const [first] = all;
  if (first === undefined) return;
  const outcome = await attempt(all, steps);
  if (outcome.ok) return steps.done(all, outcome.result);
  if (all.length === 1) return steps.refuse(first, outcome.failure);
  const middle = Math.ceil(all.length / 2);
  await eachApart(all.slice(0, middle), steps);
  await eachApart(all.slice(middle), steps);
}

type Outcome<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly failure: HoldfastError };

async function attempt<Each, Result>(
  all: readonly Each[],
  { act, hopeless }: Apart<Each, Result>,
): Promise<Outcome<Result>> {
  try {
    return { ok: true, result: await act(all) };
  } catch (thrown) {
    const failure = toHoldfastError(thrown);
    assertNotHopeless(failure.code, failure.message, hopeless);
    return { ok: false, failure };
  }
}
