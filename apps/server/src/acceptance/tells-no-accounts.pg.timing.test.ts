import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { measure, useStranger } from "./stranger.ts";

const rounds = 15;
const tries = 4;

describe("Existence of accounts by response time", () => {
  for (const [name, ask] of Object.entries(useStranger()))
    test(`is not disclosed by ${name}`, async () => {
      const measured = [];
      for (let count = 0; count < tries; count += 1) {
        const mediansMs = await measure(ask, rounds);
        if (areAlike(mediansMs)) return;
        measured.push(mediansMs);
      }
      assert.fail(`in milliseconds: ${JSON.stringify(measured)}`);
    });
});

/** Hashing the password only for some addresses would triple their time. A lookup of one more row is not measurable. */
function areAlike(mediansMs: readonly number[]): boolean {
  return Math.max(...mediansMs) < 1.8 * Math.min(...mediansMs) + 2;
}
