import assert from "node:assert/strict";
import { test } from "node:test";
import type { Route } from "@holdfast/protocol/route";
import { routes } from "@holdfast/protocol/routes";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { assertTrusted } from "./assert-admitted.ts";

test("suspended devices cannot use routes that would bypass the suspension", () => {
  const suspended = { suspendedAtMicros: 1 } as Caller;
  const rejecting = Object.entries<Route>(routes).flatMap(([name, route]) => {
    try {
      assertTrusted(suspended, route, {});
      return [];
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, "device_suspended");
      return [name];
    }
  });
  assert.deepEqual(rejecting.toSorted(), [
    "acceptTransfer",
    "createAppPassword",
    "createToken",
    "deleteAccount",
    "pruneVersions",
    "readLinkAddress",
    "shareNode",
    "transferNode",
    "updatePermission",
  ]);
});
