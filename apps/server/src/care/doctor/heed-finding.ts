import type { FindingState, Urgency } from "./finding.ts";

/**
 * Numbers count runs, one for each `HOLDFAST_DOCTOR_PERIOD` (10 minutes). Time without a running server does not count.
 */
export interface Heeded {
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

export const unheeded: Heeded = {
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
const looksUntilTold: Readonly<Record<Urgency, number>> = { damage: 1, usual: 2, passing: 6, new: 144 };
/** Consecutive runs with a better state before it counts, about an hour. */
export const looksUntilBetter = 6;
export const looksOfDay = 144;

export interface Seen {
  readonly state: FindingState;
  readonly urgency: Urgency;
}

export interface Telling {
  readonly from: FindingState;
  readonly to: FindingState;
}

/**
 * Reports worse states, and recovery to `ok`, which needs an hour, or a day for a finding that returned within a day.
 * Such findings are reported at most twice a day.
 */
export function heed(before: Heeded, { state, urgency }: Seen): { readonly heeded: Heeded; readonly tell?: Telling } {
  const heeded = counted(before, state);
  const { told } = heeded;
  const sure = sureOf(heeded, looksUntilTold[urgency]);
  if (rank[sure] > rank[told]) return { heeded: tellWorse(heeded, sure), tell: { from: told, to: sure } };
  if (heeded.better < (heeded.flaps ? looksOfDay : looksUntilBetter)) return { heeded };
  // A failure that became a warning is reported again only if it returns.
  const to = heeded.betterWorst;
  const calmed = { ...heeded, told: to, better: 0, betterWorst: "ok" as const };
  return to === "ok" ? { heeded: { ...calmed, flaps: false }, tell: { from: told, to } } : { heeded: calmed };
}

const rank: Readonly<Record<FindingState, number>> = { ok: 0, warn: 1, fail: 2 };

export function worse(left: FindingState, right: FindingState): FindingState {
  return rank[left] >= rank[right] ? left : right;
}

function counted(before: Heeded, state: FindingState): Heeded {
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
  return Math.min(count + 1, looksOfDay);
}

function aged(looks: number | null): number | null {
  return looks === null || looks + 1 >= looksOfDay ? null : looks + 1;
}

/** Worst state with enough consecutive runs. */
function sureOf({ warns, fails }: Heeded, looks: number): FindingState {
  if (fails >= looks) return "fail";
  return warns >= looks ? "warn" : "ok";
}

function tellWorse(heeded: Heeded, to: FindingState): Heeded {
  const last = to === "fail" ? heeded.failTold : heeded.warnTold;
  const times = to === "fail" ? { failTold: 0 } : { warnTold: 0 };
  return { ...heeded, ...times, told: to, better: 0, betterWorst: "ok", flaps: heeded.flaps || last !== null };
}
