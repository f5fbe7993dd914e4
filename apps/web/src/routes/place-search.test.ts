import assert from "node:assert/strict";
import { test } from "node:test";
import { findSearch, listSearch, parseSearch, sharedSearch, writeSearch } from "./place-search.ts";

test("what stands in the address is text, so that an id of digits and a search for 007 stay what they are", () => {
  assert.deepEqual(findSearch(parseSearch("?q=007&open=12345678901234567890&in=1&from=2&owner=me&modified=")), {
    open: "12345678901234567890",
    q: "007",
    in: "1",
    from: "2",
    owner: "me",
  });
});

test("what a place does not know, or has another shape, is left out", () => {
  assert.deepEqual(listSearch(parseSearch("?version=3&panel=versions&sort=-name&evil=1")), {
    sort: "-name",
    version: 3,
    panel: "versions",
  });
  assert.deepEqual(listSearch(parseSearch("?version=-1&panel=else&sort=")), {});
  assert.deepEqual(sharedSearch(parseSearch("?by=you")), {});
});

test("an address that was written reads the same", () => {
  const search = { q: "a&b=ü #?", sort: "-modified", version: 2 };
  assert.deepEqual(findSearch(parseSearch(writeSearch(search))), search);
  assert.equal(writeSearch({ open: undefined }), "");
});
