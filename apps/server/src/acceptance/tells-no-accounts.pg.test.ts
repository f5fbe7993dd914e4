import { describe, test } from "node:test";
import { measure, useStranger } from "./stranger.ts";

describe("Existence of accounts", () => {
  for (const [name, ask] of Object.entries(useStranger()))
    test(`is not disclosed by status, bytes or headers of ${name}`, async () => {
      await measure(ask, 3);
    });
});
