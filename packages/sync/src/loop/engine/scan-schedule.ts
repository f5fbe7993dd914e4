import type { CycleOutcome } from "../reports/cycle-outcome.ts";

/** Full scans find changes that the watcher missed. */
const rescanAfterMs = 3600_000;
/** Doublings of the wait for unreadable items: up to 8 s, and up to 8 minutes if everything unreadable has errors. */
const doublings = { unstable: 7, stuck: 13 };

export class ScanSchedule {
  readonly #nowMs: () => number;
  #lastFullMs = -Infinity;
  #hasScannedAll = false;
  #unstable = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  beginFull(): void {
    this.#lastFullMs = this.#nowMs();
    this.#hasScannedAll = true;
  }

  /** @returns true if a full scan finished since the last true result, and nothing is left to do */
  note({ isUnstable, hasProgressed, isMidway, isTransferring, nextCycleInMs }: CycleOutcome): boolean {
    if (isMidway) return false;
    this.#unstable = isUnstable && !hasProgressed ? this.#unstable + 1 : 0;
    const isAtRest = !hasProgressed && !isTransferring && nextCycleInMs === undefined;
    const isOver = this.#hasScannedAll && isAtRest;
    if (isOver) this.#hasScannedAll = false;
    return isOver;
  }

  untilMs(last: CycleOutcome | undefined): number {
    const wantedMs = last?.nextCycleInMs ?? rescanAfterMs;
    const most = last?.isStuck === true ? doublings.stuck : doublings.unstable;
    const waitMs = last?.isUnstable === true ? wantedMs * 2 ** Math.min(this.#unstable, most) : wantedMs;
    return Math.max(10, Math.min(waitMs, this.untilFullMs()));
  }

  untilFullMs(): number {
    const leftMs = this.#lastFullMs + rescanAfterMs - this.#nowMs();
    // A longer wait means that the clock was set back.
    return leftMs > rescanAfterMs ? 0 : leftMs;
  }
}
