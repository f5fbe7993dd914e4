import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { makeTestClock } from "../accounts/testing.ts";
import { readSignOutRequest, sealSignOutRequest } from "./sign-out-requests.ts";

const worldOf = (grantKey: Buffer, clock = makeTestClock(1_800_000_000_000)) =>
  ({ secrets: { grantKey }, clock }) as unknown as AccountWorld & { readonly clock: typeof clock };

test("a sign-out request expires after 15 minutes, and another server's is rejected", async () => {
  const world = worldOf(Buffer.alloc(32, 1));
  const sealed = await sealSignOutRequest(world, {} as never, new URLSearchParams());
  world.clock.forwardMs(15 * 60_000);
  assert.deepEqual(await readSignOutRequest(world, sealed), { name: null, user_id: null, url: null });
  await assert.rejects(readSignOutRequest(worldOf(Buffer.alloc(32, 2)), sealed), { code: "not_found" });
  world.clock.forwardMs(1);
  await assert.rejects(readSignOutRequest(world, sealed), { code: "not_found" });
});
