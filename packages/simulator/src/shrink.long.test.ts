import assert from "node:assert/strict";
import { test } from "node:test";
import { plantedIn } from "./planted-bugs/testing-planted.ts";
import { type shrink as shrinkPlain, type Shrunk, toProse } from "./shrink.ts";

const { shrink } = await plantedIn<{ readonly shrink: typeof shrinkPlain }>("a conflict is overwritten", "shrink.ts");

test("a story that breaks an invariant is shrunk to its essential steps, and described in sentences", async () => {
  const whole = await firstBroken();
  const shrunk = await shrink(whole.story, 60);
  assert.ok(shrunk.result.violations.length > 0);
  assert.ok(shrunk.result.happened.length <= whole.result.happened.length / 2, `${shrunk.result.happened.length} left`);
  assert.match(toProse(shrunk), /\d s {2}\w+ (?:creates|overwrites|appends)[^]*VIOLATION/u);
});

/** Half of a short story is needed. The seed of a longer one changes with the engine. */
async function firstBroken(): Promise<Shrunk> {
  for (let seed = 1; seed <= 40; seed += 1) {
    const whole = await shrink({ seed, devices: 3, troubleRate: 0.1 }, 0);
    if (whole.result.violations.length > 0 && whole.result.happened.length > 150) return whole;
  }
  return assert.fail("40 stories with this bug kept every invariant for long");
}
