import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { findDamagedOrNone } from "./damaged-blocks.ts";

test("a failed request for damaged blocks counts as none", async () => {
  const clientOf = (code: ErrorCode) =>
    ({ call: () => Promise.reject(new HoldfastError(code, code)) }) as unknown as ApiClient;
  // A proxy's response in place of the server's counts as unreachable.
  for (const code of ["unreachable", "internal", "forbidden", "not_found"] as const) {
    assert.equal((await findDamagedOrNone(clientOf(code))).size, 0, code);
  }
  await assert.rejects(findDamagedOrNone(clientOf("unauthenticated")), { code: "unauthenticated" });
});
