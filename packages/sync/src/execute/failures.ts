import { HoldfastError } from "@holdfast/core/errors";
import type { LocalOperation } from "../plan/plan-types.ts";

/** Failed operations of a batch, with their errors. Nothing was done for them. */
export type Failures = Map<LocalOperation, HoldfastError>;

/** Runs one operation of a batch and records its failure separately. */
export async function tryEach(failures: Failures, operation: LocalOperation, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    failures.set(operation, error);
  }
}
