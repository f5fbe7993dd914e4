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

test("an empty correction repeats the first request", () => {
  assert.equal(correct(request, {}), request);
});

test("a correction of name, folder or path keeps the other fields", () => {
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

test("a correction with a conflict option or base drops the first request's base", () => {
  assert.deepEqual(correct(request, { onConflict: "rename" }), { ...withoutBase, onConflict: "rename" });
  assert.deepEqual(correct(request, { baseVersion: 4 }), { ...withoutBase, baseVersion: 4 });
  assert.deepEqual(correct(request, { ifMatch: ["new"] }), { ...withoutBase, ifMatch: ["new"] });
});

test("an upload's operation contains its place, conditions and attributes, but not the hash", () => {
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

test("a file and a place together are rejected", () => {
  assert.throws(() => assertOneTarget("file", { name: "a" }), { code: "invalid_field", field: "file_id" });
  assertOneTarget("file", {});
});
