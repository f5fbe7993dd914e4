import assert from "node:assert/strict";
import { test } from "node:test";
import { findSearch, listSearch, parseSearch, sharedSearch, writeSearch } from "./place-search.ts";

test("search parameters are text, which preserves numeric IDs and leading zeros", () => {
  assert.deepEqual(findSearch(parseSearch("?q=007&open=12345678901234567890&in=1&from=2&owner=me&modified=")), {
    open: "12345678901234567890",
    q: "007",
    in: "1",
    from: "2",
    owner: "me",
  });
});

test("unknown or malformed search parameters are left out", () => {
  assert.deepEqual(listSearch(parseSearch("?version=3&panel=versions&sort=-name&evil=1")), {
    sort: "-name",
    version: 3,
    panel: "versions",
  });
  assert.deepEqual(listSearch(parseSearch("?version=-1&panel=else&sort=")), {});
  assert.deepEqual(sharedSearch(parseSearch("?by=you")), {});
});

test("a written search reads back unchanged", () => {
  const search = { q: "a&b=ü #?", sort: "-modified", version: 2 };
  assert.deepEqual(findSearch(parseSearch(writeSearch(search))), search);
  assert.equal(writeSearch({ open: undefined }), "");
});
