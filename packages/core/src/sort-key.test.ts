import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { foldName, nameSortKey } from "./sort-key.ts";

const compare = (left: string, right: string): number =>
  Buffer.compare(nameSortKey(left, "file"), nameSortKey(right, "file"));

test("numbers in names sort by their value, in any context", () => {
  const wanted = [
    "a",
    "a 2.txt",
    "a 10.txt",
    "a1",
    "a01",
    "a2",
    "a010",
    "a10",
    "a11b2",
    "a11b10",
    "a100",
    "ab",
    "B1",
    "b2",
  ];
  assert.deepEqual(wanted.toReversed().toSorted(compare), [
    "a",
    "a 2.txt",
    "a 10.txt",
    "a01",
    "a1",
    "a2",
    "a010",
    "a10",
    "a11b2",
    "a11b10",
    "a100",
    "ab",
    "B1",
    "b2",
  ]);
});

test("a number of 200 digits is greater than one of 199", () => {
  assert.ok(compare(`x${"9".repeat(199)}`, `x1${"0".repeat(199)}`) < 0);
  assert.ok(compare(`x${"0".repeat(50)}7`, "x8") < 0);
});

test("case, marks and compatibility forms are ignored, and digits sort before letters", () => {
  const names = ["Zebra", "äpfel", "Apfel", "apfelmus", "ｎｏｔｅ", "note 2", "Übung", "ubungen", "10", "Émile", "_x"];
  assert.deepEqual(names.toSorted(compare), [
    "10",
    "_x",
    "Apfel",
    "äpfel",
    "apfelmus",
    "Émile",
    "ｎｏｔｅ",
    "note 2",
    "Übung",
    "ubungen",
    "Zebra",
  ]);
  assert.equal(foldName("Straße ΟΔΟΣ"), foldName("STRASSE οδος"));
  assert.equal(foldName("가나다"), "가나다");
  assert.equal(foldName("が"), "が");
});

test("folders sort before files", () => {
  const key = (kind: "folder" | "file" | "mount" | "symlink", name: string) => Buffer.from(nameSortKey(name, kind));
  assert.ok(Buffer.compare(key("folder", "z"), key("file", "a")) < 0);
  assert.ok(Buffer.compare(key("mount", "z"), key("symlink", "a")) < 0);
  assert.ok(Buffer.compare(key("mount", "b"), key("folder", "c")) < 0);
});

test("every name has a key of its own that fits an index, and equal names share one", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 60 }),
      fc.string({ unit: "grapheme", maxLength: 60 }),
      (left, right) => {
        assert.equal(compare(left, right) === 0, left.normalize("NFC") === right.normalize("NFC"));
      },
    ),
  );
  assert.ok(nameSortKey("\ufdfa".repeat(85), "file").length <= 1300);
});
