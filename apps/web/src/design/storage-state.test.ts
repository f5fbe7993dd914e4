import assert from "node:assert/strict";
import { test } from "node:test";
import { storageState } from "./storage-state.ts";

test("storage is scarce from 80 %, low from 95 % and full from 100 %", () => {
  const quota = 1000;
  const states = [0, 799, 800, 949, 950, 999, 1000, 2000].map((used) => storageState(used, quota));
  assert.deepEqual(states, ["plenty", "plenty", "scarce", "scarce", "low", "low", "full", "full"]);
  assert.equal(storageState(0, 0), "full");
});
