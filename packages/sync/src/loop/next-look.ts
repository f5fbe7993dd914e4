import type { CycleOutcome } from "./cycle-outcome.ts";

/** What the watcher did not tell is found after this. */
const rescanAfterMs = 3600_000;
/** So often the wait doubles for what cannot be read yet: up to 8 s, and if errors keep all of it from being read up to 8 minutes. */
const doublings = { restless: 7, stuck: 13 };

/** When the disk is looked at again, and when all of it. */
export class NextLook {
  readonly #nowMs: () => number;
  #lastFullMs = -Infinity;
  #hasLookedEverywhere = false;
  /** Cycles one after the other, or whole rounds of them, that found nothing to do but something that could not be read. */
  #restless = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** All is looked at now. */
  beginFull(): void {
    this.#lastFullMs = this.#nowMs();
    this.#hasLookedEverywhere = true;
  }

  /** @returns whether all has been looked at since it last said so, and nothing is left to do */
  note({ isRestless, hasProgressed, isMidway, isTransferring, lookAgainMs }: CycleOutcome): boolean {
    if (isMidway) return false;
    this.#restless = isRestless && !hasProgressed ? this.#restless + 1 : 0;
    const isAtRest = !hasProgressed && !isTransferring && lookAgainMs === undefined;
    const isOver = this.#hasLookedEverywhere && isAtRest;
    if (isOver) this.#hasLookedEverywhere = false;
    return isOver;
  }

  /** @param last undefined: before the first cycle */
  untilMs(last: CycleOutcome | undefined): number {
    const wantedMs = last?.lookAgainMs ?? rescanAfterMs;
    const most = last?.isStuck === true ? doublings.stuck : doublings.restless;
    // What stays unreadable is looked at less and less often.
    const patienceMs = last?.isRestless === true ? wantedMs * 2 ** Math.min(this.#restless, most) : wantedMs;
    return Math.max(10, Math.min(patienceMs, this.untilFullMs()));
  }

  untilFullMs(): number {
    const leftMs = this.#lastFullMs + rescanAfterMs - this.#nowMs();
    // Longer than it ever is: the clock was set back since.
    return leftMs > rescanAfterMs ? 0 : leftMs;
  }
}
