import type { FindingState, Urgency } from "./finding.ts";

/**
 * Numbers count runs, one for each `HOLDFAST_DOCTOR_PERIOD` (10 minutes). Time without a running server does not count.
 */
export interface ReportHistory {
  /** Last state reported to administrators. */
  readonly told: FindingState;
  /** Consecutive runs with at least this state. */
  readonly warns: number;
  readonly fails: number;
  /** Consecutive runs with a better state than reported, and the worst of these. */
  readonly better: number;
  readonly betterWorst: FindingState;
  /** Runs since this state was reported; null: not within a day. */
  readonly warnTold: number | null;
  readonly failTold: number | null;
  /** It was reported twice within a day, and has not been well for a day since. */
  readonly flaps: boolean;
}

export const noReports: ReportHistory = {
  told: "ok",
  warns: 0,
  fails: 0,
  better: 0,
  betterWorst: "ok",
  warnTold: null,
  failTold: null,
  flaps: false,
};

/** Consecutive runs with a finding before it is reported. */
const runsUntilReported: Readonly<Record<Urgency, number>> = { damage: 1, usual: 2, passing: 6, new: 144 };
/** Consecutive runs with a better state before it counts, about an hour. */
export const runsUntilBetter = 6;
export const runsPerDay = 144;

export interface Seen {
  readonly state: FindingState;
  readonly urgency: Urgency;
}

export interface StateChange {
  readonly from: FindingState;
  readonly to: FindingState;
}

/**
 * Reports worse states, and recovery to `ok`, which needs an hour, or a day for a finding that returned within a day.
 * Such findings are reported at most twice a day.
 */
export function nextReport(
  before: ReportHistory,
  { state, urgency }: Seen,
): { readonly history: ReportHistory; readonly report?: StateChange } {
  const history = counted(before, state);
  const { told: reported } = history;
  const sure = sureOf(history, runsUntilReported[urgency]);
  if (rank[sure] > rank[reported]) return { history: reportWorse(history, sure), report: { from: reported, to: sure } };
  if (history.better < (history.flaps ? runsPerDay : runsUntilBetter)) return { history };
  // A failure that became a warning is reported again only if it returns.
  const to = history.betterWorst;
  const calmed = { ...history, told: to, better: 0, betterWorst: "ok" as const };
  return to === "ok" ? { history: { ...calmed, flaps: false }, report: { from: reported, to } } : { history: calmed };
}

const rank: Readonly<Record<FindingState, number>> = { ok: 0, warn: 1, fail: 2 };

export function worse(left: FindingState, right: FindingState): FindingState {
  return rank[left] >= rank[right] ? left : right;
}

function counted(before: ReportHistory, state: FindingState): ReportHistory {
  const isBetter = rank[state] < rank[before.told];
  return {
    ...before,
    warns: state === "ok" ? 0 : next(before.warns),
    fails: state === "fail" ? next(before.fails) : 0,
    better: isBetter ? before.better + 1 : 0,
    betterWorst: isBetter ? worse(before.betterWorst, state) : "ok",
    warnTold: aged(before.warnTold),
    failTold: aged(before.failTold),
  };
}

/** Larger counts are not needed. */
function next(count: number): number {
  return Math.min(count + 1, runsPerDay);
}

function aged(runs: number | null): number | null {
  return runs === null || runs + 1 >= runsPerDay ? null : runs + 1;
}

/** Worst state with enough consecutive runs. */
function sureOf({ warns, fails }: ReportHistory, runs: number): FindingState {
  if (fails >= runs) return "fail";
  return warns >= runs ? "warn" : "ok";
}

function reportWorse(history: ReportHistory, to: FindingState): ReportHistory {
  const last = to === "fail" ? history.failTold : history.warnTold;
  const times = to === "fail" ? { failTold: 0 } : { warnTold: 0 };
  return { ...history, ...times, told: to, better: 0, betterWorst: "ok", flaps: history.flaps || last !== null };
}
