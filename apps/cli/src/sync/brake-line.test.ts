import assert from "node:assert/strict";
import { test } from "node:test";
import { BrakeLine } from "./brake-line.ts";

test("waiting deletions are reported immediately as a minimum, and by their number after the full scan", () => {
  const line = new BrakeLine();
  assert.equal(line.after(0, "syncing"), undefined);
  assert.equal(
    line.after(3277, "syncing"),
    "At least 3,277 deletions wait for you so far: 'holdfast deletes' shows them",
  );
  assert.equal(line.after(9000, "syncing"), undefined, "it is not told with each look");
  assert.equal(line.after(20_021, "waiting"), "20,021 deletions wait for you: 'holdfast deletes' shows them");
  assert.equal(line.after(20_021, "syncing"), undefined);
  assert.equal(line.after(20_021, "waiting"), undefined);
  assert.equal(line.after(5, "waiting"), "5 deletions wait for you: 'holdfast deletes' shows them");
  assert.equal(line.after(0, "idle"), undefined);
  assert.match(line.after(1, "waiting") ?? "", /^1 deletion waits for you/);
});
