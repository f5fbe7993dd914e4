import type { SyncState } from "../state/sync-state.ts";

/** A clock that is set moves further than this between two checks, or backwards; a device that slept long only waits. */
const gapMsMax = 7 * 86_400_000;
const steadyMsMin = 24 * 3600_000;

const setting = "clock checks";

/** Unix milliseconds. */
interface Checks {
  readonly lastMs: number;
  /** Of the first check since which each followed the one before plausibly. */
  readonly sinceMs: number;
}

/**
 * Notes that the clock was looked at, in the state, and tells whether it has gone on without a jump for a day, over several
 * checks: what is thrown away for its age may only go by such a clock.
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
