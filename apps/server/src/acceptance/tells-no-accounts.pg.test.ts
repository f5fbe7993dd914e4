import { describe, test } from "node:test";
import { measure, useStranger } from "./stranger.ts";

describe("whether there is an account is told to nobody", () => {
  for (const [name, ask] of Object.entries(useStranger()))
    test(`by ${name}: neither status nor bytes nor headers differ`, async () => {
      await measure(ask, 3);
    });
});
