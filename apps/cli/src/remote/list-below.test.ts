import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { listBelow } from "./list-below.ts";

test("a page is reported on arrival, before the next is fetched, and the last one is marked", async () => {
  const pages = [
    { items: [{ id: "1", kind: "file" }], next_cursor: "2" },
    { items: [{ id: "2", kind: "file" }], next_cursor: null },
  ];
  const client = { call: async () => pages.shift() } as unknown as ApiClient;
  const heard: (readonly [number, boolean])[] = [];
  const listing = listBelow(client, "folder", {}, (nodes, isLast) => heard.push([nodes.length, isLast]));
  await listing.next();
  await new Promise(setImmediate);
  assert.deepEqual(heard, [
    [1, false],
    [1, true],
  ]);
  await listing.return(undefined);
});

test("a page is not the last if a mount's own listing follows", async () => {
  const mount = { id: "m", kind: "mount", target: "t" };
  const page = (items: readonly object[]) => ({ items, next_cursor: null });
  const pages = [page([mount]), page([{ id: "1", kind: "file", parent_id: "t" }])];
  const client = { call: async () => pages.shift() } as unknown as ApiClient;
  const heard: boolean[] = [];
  let nodes = 0;
  for await (const taken of listBelow(client, "folder", {}, (_, isLast) => heard.push(isLast))) nodes += taken.length;
  assert.deepEqual([nodes, heard], [2, [false, false]]);
});
