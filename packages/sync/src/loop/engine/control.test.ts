import assert from "node:assert/strict";
import { test } from "node:test";
import { type Phase, transitions } from "./control.ts";

const phases = Object.keys(transitions) as Phase[];

test("stop ends every phase permanently", () => {
  for (const phase of phases) assert.equal(transitions[phase].stopped, "stopped");
  assert.ok(Object.values(transitions.stopped).every((next) => next === "stopped"));
});

test("a mismatched root is refused from every running phase, and stays refused", () => {
  for (const phase of phases.filter((each) => each !== "stopped"))
    assert.equal(transitions[phase].mismatched, "refused");
  for (const [event, next] of Object.entries(transitions.refused)) {
    assert.equal(next, event === "stopped" ? "stopped" : "refused");
  }
});

test("a failed engine starts again with the recovery", () => {
  assert.equal(transitions.syncing.failed, "backing_off");
  assert.equal(transitions.backing_off.woken, "starting");
  assert.equal(transitions.starting.recovered, "syncing");
});

test("a pause lasts through all events until it is resumed", () => {
  for (const event of ["recovered", "progressed", "rested", "woken", "failed"] as const) {
    assert.equal(transitions.paused[event], "paused");
  }
  assert.equal(transitions.paused.resumed, "starting");
});
