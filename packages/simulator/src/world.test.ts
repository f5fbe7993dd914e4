import assert from "node:assert/strict";
import { test } from "node:test";
import { tellStory } from "./story.ts";

test("dbg", async () => {
  const from = Number(process.env["FROM"] ?? 1), to = Number(process.env["TO"] ?? 10);
  const rate = Number(process.env["RATE"] ?? 0);
  let bad = 0; let steps = 0; const t = performance.now();
  for (let seed = from; seed <= to; seed += 1) {
    const r = await tellStory({ seed, troubleRate: rate, devices: seed % 4 === 0 ? 3 : 2, restores: process.env["RESTORE"] === "1" });
    steps += r.steps;
    if (r.violations.length) { bad++; console.log(seed, r.violations.slice(0, 3).join("\n   ")); if (process.env["TRACE"]) console.log(r.trace.join("\n")); }
  }
  console.log("bad", bad, "steps", steps, "ms", performance.now() - t);
  assert.equal(bad, 0);
});
