import type { Problem } from "./problems.ts";

export interface CycleOutcome {
  /** Something was done or sent, so the next plan differs. */
  readonly hasProgressed: boolean;
  /** The round has further plans, which follow immediately. The last one reports the whole round. */
  readonly isMidway: boolean;
  /** Transfers of large files are running; a later cycle finishes them. */
  readonly isTransferring: boolean;
  /** Something was done here or accepted by the server. */
  readonly isFruitful: boolean;
  /** Wait until the next cycle if nothing wakes it earlier; undefined: no wait planned. */
  readonly lookAgainMs: number | undefined;
  /** Something was changing or could not be read. */
  readonly isRestless: boolean;
  /** All restless items were unreadable, so frequent scans seldom help. */
  readonly isStuck: boolean;
  /**
   * A temporary refusal is retried within half a minute. An offer that never arrived does not count, because it is
   * planned again if still needed.
   */
  readonly retriesSoon: boolean;
  readonly problems: readonly Problem[];
  readonly deletionsWaiting: number;
}
