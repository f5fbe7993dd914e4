import assert from "node:assert/strict";
import { test } from "node:test";
import { Deadlines } from "./deadlines.ts";

test("a single item is due at its time, not later", () => {
  const deadlines = new Deadlines<string>(
    () => {},
    () => {},
  );
  for (let time = 0; time < 2; time += 1) {
    const slot = deadlines.add("poll", 1000);
    assert.equal(slot, 4);
    deadlines.remove("poll", slot);
    assert.equal(deadlines.size, 0);
  }
});
