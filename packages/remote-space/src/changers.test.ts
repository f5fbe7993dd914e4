import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeId } from "@holdfast/core/ids";
import { changersOf } from "./changers.ts";

test("a bounded search without a result names no account and ends", async () => {
  let pages = 0;
  const call = async (route: string) => {
    if (route === "getNode") return { updated_at: "2026-01-01T00:00:00Z" };
    pages += 1;
    return { items: [{ verb: "commented" }], next_cursor: "more" };
  };
  const client = { call } as unknown as ApiClient;
  const { version, placed } = await changersOf(client, "file" as NodeId, null);
  assert.deepEqual([version, placed, pages], [undefined, { accountId: "", name: "", isLatest: false }, 100]);
});
