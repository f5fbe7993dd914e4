import assert from "node:assert/strict";
import { test } from "node:test";
import type { HashHex } from "@holdfast/core/ids";
import { assertOneTarget, correct, putOperation, type UploadRequest } from "./upload-request.ts";

const request: UploadRequest = {
  place: { parentId: "folder", name: "a.txt" },
  baseVersion: 3,
  ifMatch: ["revision"],
  onConflict: "fail",
  attributes: { modifiedAtMicros: 5, executable: true },
  sha256: "0".repeat(64) as HashHex,
};
const { baseVersion: _, ifMatch: __, ...withoutBase } = request;
const { place: ___, ...withoutPlace } = withoutBase;

test("a second try that says nothing is the first one again", () => {
  assert.equal(correct(request, {}), request);
});

test("a second try under another name, in another folder or at another path keeps what it does not say", () => {
  assert.deepEqual(correct(request, { place: { name: "b.txt" } }), {
    ...withoutBase,
    place: { parentId: "folder", name: "b.txt" },
  });
  assert.deepEqual(correct(request, { place: { parentId: "other" } }).place, { parentId: "other", name: "a.txt" });
  assert.deepEqual(correct(request, { place: { path: "/x/y" } }).place, { path: "/x/y" });
  const byPath = { ...request, place: { path: "/deep/a.txt" } };
  assert.deepEqual(correct(byPath, { place: { name: "b.txt" } }).place, { path: "/deep/b.txt" });
  assert.deepEqual(correct(byPath, { place: { parentId: "other" } }).place, { parentId: "other", name: "a.txt" });
  assert.deepEqual(correct(request, { fileId: "file" }), { ...withoutPlace, fileId: "file" });
});

test("a second try that says how to go on is not held to the base of the first", () => {
  assert.deepEqual(correct(request, { onConflict: "rename" }), { ...withoutBase, onConflict: "rename" });
  assert.deepEqual(correct(request, { baseVersion: 4 }), { ...withoutBase, baseVersion: 4 });
  assert.deepEqual(correct(request, { ifMatch: ["new"] }), { ...withoutBase, ifMatch: ["new"] });
});

test("the operation of an upload has its place, its conditions and its attributes, and not the hash", () => {
  const operation = putOperation(request, [], 0);
  assert.deepEqual(operation, {
    op: "put",
    place: request.place,
    baseVersion: 3,
    ifMatch: ["revision"],
    onConflict: "fail",
    modifiedAtMicros: 5,
    executable: true,
    content: { sizeBytes: 0, blocks: [] },
  });
});

test("a file and a place at once are refused", () => {
  assert.throws(() => assertOneTarget("file", { name: "a" }), { code: "invalid_field", field: "file_id" });
  assertOneTarget("file", {});
});
