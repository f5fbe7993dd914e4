import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { endWhileStalled } from "./stalled-body.ts";

function startBody(t: TestContext) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const state = { ends: 0, receivedBytes: 0, destroyed: false, complete: false };
  endWhileStalled({ end: () => (state.ends += 1) }, state, state);
  return { state, later: () => t.mock.timers.tick(100) };
}

test("work ends once no byte of its body arrives for 100 ms", (t) => {
  const { state, later } = startBody(t);
  for (let slice = 0; slice < 5; slice += 1) {
    state.receivedBytes += 10;
    later();
  }
  assert.equal(state.ends, 0);
  later();
  later();
  assert.equal(state.ends, 1);
});

test("work continues while its complete body waits for the reader", (t) => {
  const { state, later } = startBody(t);
  state.receivedBytes = 10;
  later();
  state.complete = true;
  later();
  later();
  assert.equal(state.ends, 0);
});
