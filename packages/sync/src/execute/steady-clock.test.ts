import assert from "node:assert/strict";
import { test } from "node:test";
import { checkClock } from "./steady-clock.ts";

test("a clock is steady after a day of checks in ascending order, or a week after one that was not", () => {
  const settings = new Map<string, string>();
  const state = {
    setting: (name: string) => settings.get(name),
    commit: (change: { readonly settings?: Iterable<readonly [string, string]> }) => {
      for (const [name, value] of change.settings ?? []) settings.set(name, value);
    },
  };
  const told = [
    [0, false],
    [23, false],
    [24, true],
    [24 + 7 * 24, false],
    [220, true],
    [219, false],
    [242, false],
    [243, true],
    [100_000, false],
    [243, false],
  ] as const;
  for (const [hours, isSteady] of told)
    assert.equal(checkClock(state, hours * 3600_000), isSteady, `at ${hours} hours`);
});
