import { HoldfastError } from "@holdfast/core/errors";
import type { LocalOperation } from "../plan/plan-types.ts";

/** Of a batch: what failed, and why; nothing was done with it. */
export type Failures = Map<LocalOperation, HoldfastError>;

/** Each operation of a batch fails alone. */
export async function tryEach(failures: Failures, operation: LocalOperation, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    failures.set(operation, error);
  }
}
