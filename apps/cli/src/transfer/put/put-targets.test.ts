import assert from "node:assert/strict";
import { test } from "node:test";
import { putTargets } from "./put-targets.ts";
import type { LocalArgument } from "./put-targets.ts";

const file: LocalArgument = { path: "here/a.txt", kind: "file" };
const link: LocalArgument = { path: "here/l", kind: "symlink" };
const folder: LocalArgument = { path: "here/tree/", kind: "folder" };
const stdin: LocalArgument = { path: "-", kind: "stdin" };
const paths = (...args: Parameters<typeof putTargets>) => putTargets(...args).map(({ remotePath }) => remotePath);

test("a file put to an existing folder is stored inside, otherwise at the path", () => {
  assert.deepEqual(paths([file], "/docs", "folder"), ["/docs/a.txt"]);
  assert.deepEqual(paths([link], "/docs", "folder"), ["/docs/l"]);
  assert.deepEqual(paths([file], "/docs", undefined), ["/docs"]);
  assert.deepEqual(paths([file], "/docs", "file"), ["/docs"]);
  assert.deepEqual(paths([file], "/", "folder"), ["/a.txt"]);
  assert.deepEqual(paths([stdin], "/docs/x", undefined), ["/docs/x"]);
});

test("a folder is merged into the path, unless that ends in a slash", () => {
  assert.deepEqual(paths([folder], "/docs", "folder"), ["/docs"]);
  assert.deepEqual(paths([folder], "/docs", undefined), ["/docs"]);
  assert.deepEqual(paths([folder], "/docs/", "folder"), ["/docs/tree"]);
  assert.deepEqual(paths([folder], "/docs/", undefined), ["/docs/tree"]);
  assert.deepEqual(paths([folder], "/", "folder"), ["/tree"]);
});

test("each of several is stored inside under its own name", () => {
  assert.deepEqual(paths([file, folder], "/docs", "folder"), ["/docs/a.txt", "/docs/tree"]);
  assert.deepEqual(paths([file, folder], "/docs", undefined), ["/docs/a.txt", "/docs/tree"]);
});

test("a source that cannot be stored inside is rejected", () => {
  assert.throws(() => putTargets([file, folder], "/docs", "file"), { code: "conflict", exitCode: 5 });
  assert.throws(() => putTargets([file], "/docs/", "file"), { code: "conflict" });
  assert.throws(() => putTargets([stdin], "/docs/", "folder"), { code: "usage", exitCode: 2 });
  const message = "/docs is a folder. Name the file to store in it: /docs/NAME.";
  assert.throws(() => putTargets([stdin], "/docs", "folder"), { code: "usage", message });
  assert.throws(() => putTargets([file, { path: "there/a.txt", kind: "file" }], "/docs", "folder"), { code: "usage" });
  assert.throws(() => putTargets([file], "/a/../b", undefined), { code: "invalid_field" });
});
