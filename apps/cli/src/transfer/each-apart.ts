import { toHoldfastError } from "@holdfast/core/errors";
import type { HoldfastError } from "@holdfast/core/errors";
import { assertNotHopeless } from "./transfer-report.ts";

export interface Apart<Each, Result> {
  /** Must be repeatable: called again for a part of the elements after a failure. */
  readonly act: (some: readonly Each[]) => Promise<Result>;
  readonly done: (some: readonly Each[], result: Result) => void;
  /** Additional error codes that every element would meet. */
  readonly hopeless?: ReadonlySet<string> | undefined;
  readonly refuse: (one: Each, failure: HoldfastError) => void;
}

/**
 * If one call for all elements fails, tries each half, down to single elements, so that one bad element does not stop
 * the others.
 * @throws HoldfastError for an error that every element would meet, and errors of `done` and `refuse`
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
