import type { Problem } from "./problems.ts";

export interface CycleOutcome {
  /** Something was done or sent: what comes next is planned from what came of it. */
  readonly hasProgressed: boolean;
  /** More that is fresh has its turn at once: what came of the whole round is told with its last plan. */
  readonly isMidway: boolean;
  /** The bytes of long files travel: a later cycle takes them. */
  readonly isTransferring: boolean;
  /** Something was done here, or taken by the server. */
  readonly isFruitful: boolean;
  /** When to look again unless something wakes it before; undefined: nothing is waited for. */
  readonly lookAgainMs: number | undefined;
  /** Something was in motion, or could not be read. */
  readonly isRestless: boolean;
  /** All that was restless could not be read: looking again often finds nothing new. */
  readonly isStuck: boolean;
  /** Refused for now: it is tried again within half a minute. An offer that never arrived is none: what it wanted is planned again, or not wanted any more. */
  readonly retriesSoon: boolean;
  readonly problems: readonly Problem[];
  readonly deletionsWaiting: number;
}
