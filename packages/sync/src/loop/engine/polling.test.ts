import assert from "node:assert/strict";
import { test } from "node:test";
import { Polling } from "./polling.ts";

test("polls that return immediately, as from another server, are repeated after a pause", async () => {
  const sleeps: number[] = [];
  let nowMs = 0;
  /** Duration of each poll; the last one reports a change. */
  const heldMs = [0, 10, 40_000, 0];
  let polls = 0;
  const polling = new Polling({
    poll: async () => {
      nowMs += heldMs[polls] ?? 0;
      polls += 1;
      return polls === heldMs.length;
    },
    random: (sizeBytes) => new Uint8Array(sizeBytes),
    nowMs: () => nowMs,
    sleep: async (durationMs) => {
      sleeps.push(durationMs);
      nowMs += durationMs;
    },
    isWanted: () => true,
    onTurn: () => {},
  });
  await polling.listen();
  assert.deepEqual([polls, sleeps], [4, [1000, 1000]]);
});
