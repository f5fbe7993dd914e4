import assert from "node:assert/strict";
import { test } from "node:test";
import { SentBlocks } from "./put-work.ts";

const mib = 1024 * 1024;

test("after a batch unknown to the server, only large blocks are asked for in the next 15 batches", () => {
  const sent = new SentBlocks();
  assert.equal(sent.shouldAsk(500, 4 * mib), true);
  sent.learned(0);
  assert.equal(sent.shouldAsk(3, 3 * mib), true);
  for (let batch = 0; batch < 15; batch += 1) assert.equal(sent.shouldAsk(500, 4 * mib), false);
  assert.equal(sent.shouldAsk(500, 4 * mib), true);
});
