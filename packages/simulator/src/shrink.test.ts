import assert from "node:assert/strict";
import { test } from "node:test";
import { shrink, toProse } from "./shrink.ts";

test("a story that breaks an invariant is shrunk to what it takes, and told in sentences", async () => {
  const story = { seed: 1, devices: 3, troubleRate: 0.1, faults: new Set(["a conflict is overwritten"] as const) };
  const whole = await shrink(story, 0);
  assert.ok(whole.result.violations.length > 0);
  const shrunk = await shrink(story, 60);
  assert.ok(shrunk.result.violations.length > 0);
  assert.ok(shrunk.result.happened.length <= whole.result.happened.length / 2, `${shrunk.result.happened.length} left`);
  assert.match(toProse(shrunk), /\d s {2}\w+ (?:creates|overwrites|appends)[^]*VIOLATION/u);
});
