import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { measure, useStranger } from "./stranger.ts";

const rounds = 15;
const tries = 4;

describe("whether there is an account is told to nobody by the time of an answer", () => {
  for (const [name, ask] of Object.entries(useStranger()))
    test(`by ${name}`, async () => {
      const measured = [];
      for (let count = 0; count < tries; count += 1) {
        const mediansMs = await measure(ask, rounds);
        if (areAlike(mediansMs)) return;
        measured.push(mediansMs);
      }
      assert.fail(`in milliseconds: ${JSON.stringify(measured)}`);
    });
});

/** A password that is hashed for some and not for others takes three times as long; an account more or less in a table does not show. */
function areAlike(mediansMs: readonly number[]): boolean {
  return Math.max(...mediansMs) < 1.8 * Math.min(...mediansMs) + 2;
}
