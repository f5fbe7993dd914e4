import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeRow, encodeRow, SharedStrings } from "./row-codec.ts";

const fingerprint = {
  inode: 2n ** 60n + 1n,
  sizeBytes: 5,
  mtimeNs: -1n,
  ctimeNs: 1_795_174_648_463_669_617n,
  birthNs: -1n,
};

test("a row comes back as it was, numbers beyond 2^53 and before 1970 included", () => {
  const rows = [
    { kind: "file", parent: "a", fingerprint, sight: "known" },
    { place: { parent: "a", name: "b" } },
    "text",
    null,
  ];
  for (const row of rows) assert.deepEqual(decodeRow(encodeRow(row), new SharedStrings()), row);
});

test("rows of several trees are equal and stay apart, however many strings they share", () => {
  const strings = new SharedStrings();
  const text = encodeRow({ place: { parent: "folder", name: "x" }, versionIds: ["v", "w"] });
  const [one, other] = [
    decodeRow<{ versionIds: string[] }>(text, strings),
    decodeRow<{ versionIds: string[] }>(text, strings),
  ];
  one.versionIds.push("z");
  assert.deepEqual(other, { place: { parent: "folder", name: "x" }, versionIds: ["v", "w"] });
});
