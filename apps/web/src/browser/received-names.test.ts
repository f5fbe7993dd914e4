import assert from "node:assert/strict";
import { test } from "node:test";
import { nameProblem } from "@holdfast/core/names";
import { receivedNames } from "./received-names.ts";

test("files with the same name receive different names", () => {
  assert.deepEqual(receivedNames(["image.jpg", "image.jpg", "a", "image.jpg", "a"]), [
    "image.jpg",
    "image (2).jpg",
    "a",
    "image (3).jpg",
    "a (2)",
  ]);
  assert.deepEqual(receivedNames(["a (2).txt", "a.txt", "a.txt"]), ["a (2).txt", "a.txt", "a (3).txt"]);
  assert.equal(new Set(receivedNames(["caf\u00E9.txt", "cafe\u0301.txt"])).size, 2);
});

test("invalid names and paths are replaced", () => {
  assert.deepEqual(receivedNames(["", "..", "../secrets/a.pdf", "tab\t.txt"]), [
    "file",
    "file (2)",
    "file.pdf",
    "file.txt",
  ]);
});

test("names with a special meaning in synced folders are replaced", () => {
  assert.deepEqual(receivedNames([".holdfastignore", ".HoldfastIgnore", ".Git", ".gitignore", "a.git"]), [
    "file",
    "file (2)",
    "file (3)",
    ".gitignore",
    "a.git",
  ]);
});

test("long names are cut to 255 bytes, including their number", () => {
  const full = `${"é".repeat(125)}x.png`;
  const names = receivedNames([full, full, `${"x".repeat(300)}.png`]);
  assert.deepEqual(names, [full, `${"é".repeat(123)} (2).png`, `${"x".repeat(251)}.png`]);
  for (const name of names) assert.equal(nameProblem(name), undefined, name);
});
