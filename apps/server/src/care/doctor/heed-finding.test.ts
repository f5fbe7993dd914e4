import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FindingState, Urgency } from "./finding.ts";
import { nextReport, type ReportHistory, runsPerDay, runsUntilBetter, type Seen, noReports } from "./heed-finding.ts";

const letters: Readonly<Record<string, FindingState>> = { o: "ok", w: "warn", f: "fail" };

/**
 * Returns the reports of a series of runs.
 * @param runs `o`, `w` and `f` with the number of repetitions before each; spaces are ignored
 * @returns for each report the number of its run, from 1, and the new state: `2w`
 */
function reportsOf(runs: string, urgency: Urgency = "usual"): string {
  let history: ReportHistory = noReports;
  const reports: string[] = [];
  let number = 0;
  for (const [, times = "", letter = ""] of runs.matchAll(/(\d*)([owf])/g)) {
    for (let time = 0; time < Number(times || 1); time++) {
      number += 1;
      const next = nextReport(history, { state: letters[letter] ?? "ok", urgency });
      if (next.report !== undefined) {
        assert.equal(next.report.from, history.told);
        reports.push(`${number}${next.report.to[0]}`);
      }
      history = next.history;
    }
  }
  return reports.join(" ");
}

describe("Findings reported to administrators", () => {
  const table: readonly (readonly [what: string, runs: string, reports: string, urgency?: Urgency])[] = [
    ["nothing while all is well", "300o", ""],
    ["one bad run is not reported", "o w 9o f 9o", ""],
    ["two in a row are, once", "o 2w 300w", "3w"],
    ["two of a failure too", "2f 300f", "2f"],
    ["a failure and a warning in a row are a warning for sure", "f w", "2w"],
    ["as are a warning and a failure", "w f", "2w"],
    ["and the failure is reported once it is sure", "w 2f 9f", "2w 3f"],
    ["damage is reported at once", "o f 9f", "2f", "damage"],
    ["damage that is a warning too", "w", "1w", "damage"],
    ["what passes by itself is reported after an hour of it", "5w o 5w o", "", "passing"],
    ["an hour of it", "6w 9w", "6w", "passing"],
    ["what a new server lacks is reported after a day", "143w", "", "new"],
    ["a day of it", "144w 300w", "144w", "new"],
    ["worse is reported again", "2w 2f", "2w 4f"],
    ["worse for one run is not", "2w f w f w", "2w"],
    ["but damage that grew worse is", "2w f", "1w 3f", "damage"],
    ["better for less than an hour is nothing", "2w 5o 2w 5o 2w", "2w"],
    ["well for an hour is reported, once", "2w 6o 99o", "2w 8o"],
    ["that it failed and is well too", "2f 6o", "2f 8o"],
    ["a failure that is a warning now is not reported", "2f 99w", "2f"],
    ["it is reported to be well when the warning has gone for an hour, too", "2f 6w 5o w 6o", "2f 20o"],
    ["both within an hour are a warning still", "2f 3w 3o 5o", "2f"],
    ["and an hour later it is well", "2f 3w 3o 6o", "2f 14o"],
    ["a failure that comes back out of a warning is reported again", "2f 6w 2f", "2f 10f"],
    ["what comes back after an hour is reported again", "2w 6o 2w", "2w 8o 10w"],
    ["after that it is well only once it was for a day", "2w 6o 2w 143o", "2w 8o 10w"],
    ["a day of it", "2w 6o 2w 144o", "2w 8o 10w 154o"],
    ["a day begins anew with each bad run", "2w 6o 2w 143o w 143o", "2w 8o 10w"],
    ["what comes back a day later has not come back", "2w 6o 138o 2w 6o", "2w 8o 148w 154o"],
    ["what comes back before has", "2w 6o 134o 2w 6o", "2w 8o 144w"],
    ["the day is one of that level", "2w 6o 2f 6o", "2w 8o 10f 16o"],
    ["what came back stays known for that when it grows worse", "2w 6o 2w 2f 143o", "2w 8o 10w 12f"],
    ["worse is not the same coming back", "2w 2f 6o", "2w 4f 10o"],
    ["one that comes and goes every 80 minutes is reported twice", "2w 6o ".repeat(90), "2w 8o 10w"],
    ["one that grows worse and better for ever too", "2f 6w ".repeat(90), "2f 10f"],
  ];
  for (const [what, runs, reports, urgency] of table) {
    test(`${what}: ${runs.length > 40 ? `${runs.slice(0, 40)}…` : runs}${urgency === undefined ? "" : ` (${urgency})`}`, () =>
      assert.equal(reportsOf(runs, urgency), reports));
  }
});

const rank = { ok: 0, warn: 1, fail: 2 };

function assertSound(before: ReportHistory, { state, urgency }: Seen): ReportHistory {
  const { history, report } = nextReport(before, { state, urgency });
  const what = JSON.stringify({ before, state, urgency, history, report });
  if (report === undefined) {
    assert.ok(history.told === before.told || (before.told === "fail" && history.told === "warn"), what);
  } else {
    assert.deepEqual([report.from, report.to], [before.told, history.told], what);
    assert.ok(report.to === "ok" || rank[report.to] > rank[report.from], `only worse is reported, or well: ${what}`);
    assert.ok(report.to === "ok" ? state === "ok" : rank[state] >= rank[report.to], `as bad as it is: ${what}`);
  }
  const runs = urgency === "damage" ? 1 : 2;
  if (history.fails >= runs) assert.equal(history.told, "fail", `it is sure: ${what}`);
  if (history.warns >= runs) assert.notEqual(history.told, "ok", `it is sure: ${what}`);
  assert.ok(history.better < (history.flaps ? runsPerDay : runsUntilBetter), what);
  return history;
}

test("for any series of checks, each certain finding is reported, and none twice", () => {
  for (const urgency of ["damage", "usual"] as const) {
    const seen = new Set<string>();
    const waiting: ReportHistory[] = [noReports];
    for (let at = waiting.pop(); at !== undefined && seen.size < 50_000; at = waiting.pop()) {
      for (const state of ["ok", "warn", "fail"] as const) {
        const history = assertSound(at, { state, urgency });
        // Numbers above two make no difference.
        const key = JSON.stringify({
          ...history,
          warns: Math.min(history.warns, 2),
          fails: Math.min(history.fails, 2),
        });
        if (!seen.has(key)) waiting.push(history);
        seen.add(key);
      }
    }
    assert.ok(seen.size > 1000, `${seen.size} states`);
  }
});

test("a finding that comes and goes is reported at most twice a day at each level", () => {
  for (let seed = 1; seed <= 200; seed++) {
    let [state, history]: [number, ReportHistory] = [seed, noReports];
    const reports: { at: number; to: FindingState }[] = [];
    for (let at = 0; at < 6 * runsPerDay; at++) {
      // Lehmer's generator makes failures reproducible.
      state = (state * 48_271) % 2_147_483_647;
      const stays = 1 + (seed % 9);
      const found = (["ok", "ok", "warn", "fail"] as const)[at % stays === 0 ? state % 4 : (state >> 8) % 2] ?? "ok";
      const next = nextReport(history, { state: found, urgency: seed % 2 === 0 ? "usual" : "damage" });
      if (next.report !== undefined) reports.push({ at, to: next.report.to });
      history = next.history;
    }
    for (const level of ["warn", "fail"] as const) {
      const times = reports.filter(({ to }) => to === level).map(({ at }) => at);
      for (const [index, at] of times.entries()) {
        const within = times.slice(index).filter((each) => each < at + runsPerDay - 1).length;
        assert.ok(within <= 2, `seed ${seed}: ${level} at ${times.join()}`);
      }
    }
  }
});
