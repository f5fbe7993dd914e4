import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRemotePath } from "./remote-path.ts";

test("repeated slashes are one, and a slash at the end stays", () => {
  const table = {
    "/": "/",
    "//": "/",
    a: "/a",
    "//photos///sub/": "/photos/sub/",
    "a//b": "/a/b",
    "/..a/.b": "/..a/.b",
  };
  for (const [given, path] of Object.entries(table)) assert.equal(parseRemotePath(given), path);
});

test("an empty path and one with . or .. are refused in words", () => {
  assert.throws(() => parseRemotePath(""), { code: "usage", message: "The path is empty. Use / for your root." });
  for (const bad of [".", "..", "/a/../b", "a/./b", "a/.."]) {
    assert.throws(() => parseRemotePath(bad), { code: "usage", message: /start at your root/ });
  }
});
