import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { trashedFrom } from "./trashed-from.ts";

const folders = [{ id: "one", kind: "folder" }] as unknown as NodeJson[];

function serverWith(pages: readonly { items: number; goesOn: boolean }[]) {
  const calls: unknown[] = [];
  const call = (_: string, { query }: { query: { cursor: string | undefined } }) => {
    const page = pages[Math.min(calls.push(query.cursor) - 1, pages.length - 1)];
    const items = Array.from({ length: page?.items ?? 0 }, () => ({}));
    return Promise.resolve({ items, next_cursor: page?.goesOn === true ? `page ${calls.length}` : null });
  };
  return { calls, client: { call } as unknown as ApiClient };
}

test("all pages count, also after an empty one", async () => {
  const { client, calls } = serverWith([
    { items: 1000, goesOn: true },
    { items: 0, goesOn: true },
    { items: 3, goesOn: false },
  ]);
  assert.deepEqual(await trashedFrom(client, folders), { count: 1003, isAll: true });
  assert.deepEqual(calls, [undefined, "page 1", "page 2"]);
});

test("counting stops early in a very large trash", async () => {
  const { client, calls } = serverWith([{ items: 1000, goesOn: true }]);
  assert.deepEqual(await trashedFrom(client, folders), { count: 20_000, isAll: false });
  assert.equal(calls.length, 20);
});

test("without permission for that trash no count is shown", async () => {
  const call = () => Promise.reject(new HoldfastError("forbidden", "You may not write there."));
  assert.deepEqual(await trashedFrom({ call } as unknown as ApiClient, folders), { count: 0, isAll: false });
});
