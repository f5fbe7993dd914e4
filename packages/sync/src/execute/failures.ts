import { HoldfastError } from "@holdfast/core/errors";
import type { LocalOperation } from "../plan/plan-types.ts";

/** Failed operations of a batch. Nothing was done for them. */
export type Failures = Map<LocalOperation, HoldfastError>;

export async function tryEach(failures: Failures, operation: LocalOperation, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    failures.set(operation, error);
  }
}
