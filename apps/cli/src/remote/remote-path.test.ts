import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNewPath, parseRemotePath, readIdPath } from "./remote-path.ts";

test("repeated slashes are one, and a trailing slash stays", () => {
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

test("an empty path and one with . or .. are rejected with the reason", () => {
  assert.throws(() => parseRemotePath(""), { code: "usage", message: "The path is empty. Use / for your root." });
  for (const bad of [".", "..", "/a/../b", "a/./b", "a/.."]) {
    assert.throws(() => parseRemotePath(bad), { code: "usage", message: /start at your root/ });
  }
});

test("an ID is recognized in any case, unless it is a name in the root", () => {
  const id = "01a1ff19-0d42-88bb-95ce-d64679dac31e";
  for (const given of [id, id.toUpperCase(), `${id.slice(0, 20)}${id.slice(20).toUpperCase()}`]) {
    assert.deepEqual(readIdPath(`${given}/A/b`), { id, below: "/A/b" });
    assert.equal(readIdPath(`/${given}`), undefined);
    assert.throws(() => parseNewPath(given), { code: "usage", message: new RegExp(`'holdfast mount ${id}'`) });
  }
  assert.equal(readIdPath(`${id}x`), undefined);
});
