import type { FindingState, Urgency } from "./finding.ts";

/**
 * What is remembered of one thing that the doctor looks at again and again. All numbers count looks, of which there is one each
 * `HOLDFAST_DOCTOR_PERIOD` (10 minutes): while no server runs nothing is seen, and nothing is over by that.
 */
export interface Heeded {
  /** What administrators have heard last. */
  readonly told: FindingState;
  /** How many looks in a row found it at least that bad. */
  readonly warns: number;
  readonly fails: number;
  /** How many in a row found it better than told, and the worst of these. */
  readonly better: number;
  readonly betterWorst: FindingState;
  /** So long ago it was told to be that bad; null: not within the last day. */
  readonly warnTold: number | null;
  readonly failTold: number | null;
  /** It was told to be as bad twice within a day, and was not well for a day since. */
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

/** So many looks in a row must find something before anybody is told. */
const looksUntilTold: Readonly<Record<Urgency, number>> = { damage: 1, usual: 2, passing: 6, new: 144 };
/** So many in a row, about an hour, must find it better before that counts. */
export const looksUntilBetter = 6;
/** About a day. */
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
 * One look more: what is remembered from now on, and what administrators are told, if anything. They are told what is worse than what they
 * have heard, and once all is well again. What comes and goes is not over before it was away for an hour, or for a day where it has come
 * back within one: of that they hear at most twice a day.
 */
export function heed(before: Heeded, { state, urgency }: Seen): { readonly heeded: Heeded; readonly tell?: Telling } {
  const heeded = counted(before, state);
  const { told } = heeded;
  const sure = sureOf(heeded, looksUntilTold[urgency]);
  if (rank[sure] > rank[told]) return { heeded: tellWorse(heeded, sure), tell: { from: told, to: sure } };
  if (heeded.better < (heeded.flaps ? looksOfDay : looksUntilBetter)) return { heeded };
  // A failure that became a warning is told of again should it come back, and not now.
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

/** What is bad for months needs no larger numbers. */
function next(count: number): number {
  return Math.min(count + 1, looksOfDay);
}

function aged(looks: number | null): number | null {
  return looks === null || looks + 1 >= looksOfDay ? null : looks + 1;
}

/** The worst that was found often enough in a row. */
function sureOf({ warns, fails }: Heeded, looks: number): FindingState {
  if (fails >= looks) return "fail";
  return warns >= looks ? "warn" : "ok";
}

function tellWorse(heeded: Heeded, to: FindingState): Heeded {
  const last = to === "fail" ? heeded.failTold : heeded.warnTold;
  const times = to === "fail" ? { failTold: 0 } : { warnTold: 0 };
  return { ...heeded, ...times, told: to, better: 0, betterWorst: "ok", flaps: heeded.flaps || last !== null };
}
