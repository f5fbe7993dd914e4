import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { reportingEnd } from "./ended-login.ts";

test("a login that waits for a new sign-in has not ended, and a running sync keeps asking", async () => {
  const endings = async (body: Record<string, unknown>) => {
    const refused = () => Promise.reject(new HoldfastError("unauthenticated", "Refused.", { body }));
    let count = 0;
    const tokens = reportingEnd({ current: refused, renew: refused }, async () => void (count += 1));
    await assert.rejects(tokens.renew("old"), { code: "unauthenticated" });
    await assert.rejects(tokens.current(), { code: "unauthenticated" });
    return count;
  };
  assert.deepEqual([await endings({ reason: "sign_in_again" }), await endings({})], [0, 2]);
});
