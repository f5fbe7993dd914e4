import assert from "node:assert/strict";
import { test } from "node:test";
import { type Phase, transitions } from "./control.ts";

const phases = Object.keys(transitions) as Phase[];

test("stop ends every phase, and nothing leads out of it", () => {
  for (const phase of phases) assert.equal(transitions[phase].stopped, "stopped");
  assert.ok(Object.values(transitions.stopped).every((next) => next === "stopped"));
});

test("a root that does not match is refused from every phase that still runs, and stays refused", () => {
  for (const phase of phases.filter((each) => each !== "stopped"))
    assert.equal(transitions[phase].mismatched, "refused");
  for (const [event, next] of Object.entries(transitions.refused)) {
    assert.equal(next, event === "stopped" ? "stopped" : "refused");
  }
});

test("what failed begins with the recovery again", () => {
  assert.equal(transitions.syncing.failed, "backing_off");
  assert.equal(transitions.backing_off.woken, "starting");
  assert.equal(transitions.starting.recovered, "syncing");
});

test("a pause holds whatever happens, until it is resumed", () => {
  for (const event of ["recovered", "progressed", "rested", "woken", "failed"] as const) {
    assert.equal(transitions.paused[event], "paused");
  }
  assert.equal(transitions.paused.resumed, "starting");
});
