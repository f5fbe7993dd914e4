import type { Problem } from "./problems.ts";

export interface CycleOutcome {
  /** Something was done or sent, so the next plan differs. */
  readonly hasProgressed: boolean;
  /** Further plans of the round follow immediately. The last one reports the whole round. */
  readonly isMidway: boolean;
  readonly isTransferring: boolean;
  /** Something was done here or accepted by the server. */
  readonly isFruitful: boolean;
  /** Wait until the next cycle if nothing wakes it earlier; undefined: no wait planned */
  readonly nextCycleInMs: number | undefined;
  /** Something was changing or unreadable. */
  readonly isUnstable: boolean;
  /** All unstable items were unreadable, so frequent scans seldom help. */
  readonly isStuck: boolean;
  /**
   * A temporary refusal is retried within half a minute. An offer that never arrived does not count: it is planned
   * again if still needed.
   */
  readonly retriesSoon: boolean;
  readonly problems: readonly Problem[];
  readonly deletionsWaiting: number;
}
