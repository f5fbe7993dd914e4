import type { SyncState } from "../state/sync-state.ts";

/** Only a reset clock moves further than this, or backwards. A device that slept for long just waits. */
const gapMsMax = 7 * 86_400_000;
const steadyMsMin = 24 * 3600_000;

const setting = "clock checks";

/** Unix milliseconds. */
interface Checks {
  readonly lastMs: number;
  /** First check since the last jump. */
  readonly sinceMs: number;
}

/**
 * Records a check. True if the clock ran for a day without a jump, over several checks, which age-based deletion
 * requires.
 */
export function checkClock(state: Pick<SyncState, "setting" | "commit">, nowMs: number): boolean {
  const text = state.setting(setting);
  const before = text === undefined ? undefined : (JSON.parse(text) as Checks);
  const follows = before !== undefined && nowMs >= before.lastMs && nowMs - before.lastMs < gapMsMax;
  const sinceMs = follows ? before.sinceMs : nowMs;
  const checks: Checks = { lastMs: nowMs, sinceMs };
  state.commit({ settings: [[setting, JSON.stringify(checks)]] });
  return nowMs - sinceMs >= steadyMsMin;
}
