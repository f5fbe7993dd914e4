import assert from "node:assert/strict";
import { test } from "node:test";
import { outsideAddress } from "./outside-address.ts";
import { readAnswer } from "./read-answer.ts";

test("only web and mail addresses lead out of a document", () => {
  for (const [address, followed] of [
    ["https://example.com/a?b#c", "https://example.com/a?b#c"],
    ["HTTP://EXAMPLE.com", "http://example.com/"],
    ["mailto:a@example.com", "mailto:a@example.com"],
    ["https://exаmple.com/", "https://xn--exmple-4nf.com/"],
  ] as const)
    assert.equal(outsideAddress(address), followed, address);
  for (const address of [
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "blob:https://example.com/1",
    "file:///etc/passwd",
    "vbscript:x",
    "https://bank.example@evil.example/",
    "https://",
    "//example.com",
    "/files",
    "./other.md",
    "",
    `https://example.com/${"a".repeat(3000)}`,
    undefined,
    { toString: () => "https://example.com" },
  ])
    assert.equal(outsideAddress(address), undefined, String(address));
});

test("messages of a frame are validated, and malformed ones are ignored", () => {
  assert.deepEqual(readAnswer({ state: "shown", facts: { mayWrap: true, filesCount: 3, rowsCount: 5, evil: "<b>" } }), {
    state: "shown",
    facts: { mayWrap: true, filesCount: 3, rowsCount: 5 },
  });
  assert.deepEqual(readAnswer({ state: "shown", facts: { mayWrap: "yes", filesCount: -1, contentBytes: 1.5 } }), {
    state: "shown",
    facts: {},
  });
  assert.deepEqual(readAnswer({ state: "failed", reason: { a: 1 } }), { state: "failed", reason: "" });
  assert.deepEqual(readAnswer({ state: "link", address: "https://example.com" }), {
    state: "link",
    address: "https://example.com/",
  });
  assert.deepEqual(
    readAnswer({ state: "view", view: { page: 3, pagesCount: 120, percent: 85, fit: "width", evil: "<b>" } }),
    { state: "view", view: { page: 3, pagesCount: 120, percent: 85, fit: "width" } },
  );
  assert.deepEqual(readAnswer({ state: "view", view: { page: 1, pagesCount: 1, percent: 0, fit: "<b>" } }), {
    state: "view",
    view: { page: 1, pagesCount: 1, percent: 0 },
  });
  assert.deepEqual(readAnswer({ state: "matches", matches: { at: 0, total: 0, isPending: "yes" } }), {
    state: "matches",
    matches: { at: 0, total: 0, isPending: false },
  });
  assert.deepEqual(readAnswer({ state: "password", isWrong: 1 }), { state: "password", isWrong: false });
  for (const said of [
    undefined,
    null,
    "shown",
    5,
    [],
    {},
    { state: "constructor" },
    { state: "link", address: "javascript:alert(1)" },
    { state: "view", view: { page: 4, pagesCount: 3, percent: 100 } },
    { state: "view", view: { page: 0, pagesCount: 3, percent: 100 } },
    { state: "view", view: { page: 1, pagesCount: 3, percent: "100" } },
    { state: "view", view: null },
    { state: "matches", matches: { at: 2, total: 1, isPending: false } },
    { state: "matches" },
    { state: "read", number: 1, start: -1, end: 5 },
    { state: "read", number: 1, start: 0, end: Number.NaN },
    { state: "read", number: 1, start: "0", end: 2 ** 60 },
  ])
    assert.equal(readAnswer(said), undefined, JSON.stringify(said));
});
