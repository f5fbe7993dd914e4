import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { conflictedName, copyLabel, isNameOfCopy } from "./conflicted-name.ts";

const label = copyLabel("ada", Date.UTC(2026, 4, 3));
const free = (): boolean => true;

test("the label is inserted before the last dot that is not the first character", () => {
  assert.equal(conflictedName("a.tar.gz", label, free), "a.tar (ada's conflicted copy 2026-05-03).gz");
  assert.equal(conflictedName(".profile", label, free), ".profile (ada's conflicted copy 2026-05-03)");
  assert.equal(conflictedName("folder", label, free), "folder (ada's conflicted copy 2026-05-03)");
});

test("a number is added to the date until the name is free", () => {
  const taken = new Set(["a (ada's conflicted copy 2026-05-03).txt", "a (ada's conflicted copy 2026-05-03 2).txt"]);
  assert.equal(
    conflictedName("a.txt", label, (name) => !taken.has(name)),
    "a (ada's conflicted copy 2026-05-03 3).txt",
  );
});

test("the conflict of a conflicted copy is named after the original", () => {
  const first = conflictedName("a.txt", copyLabel("bob", 0), free);
  assert.equal(conflictedName(first, label, free), "a (ada's conflicted copy 2026-05-03).txt");
  assert.ok(isNameOfCopy(first));
  assert.ok(!isNameOfCopy("a.txt"));
  assert.ok(!isNameOfCopy("a (Unicode conflict).txt"));
});

test("a copy with a truncated name is recognized as one, and a copy of it does not nest", () => {
  for (const name of [`${"ö".repeat(125)}.txt`, "x".repeat(255), `a.${"y".repeat(250)}`]) {
    const first = conflictedName(name, copyLabel("bob", 0), free);
    assert.ok(isNameOfCopy(first), first);
    const second = conflictedName(first, label, free);
    assert.equal(second.match(/conflicted copy/g)?.length, 1, second);
  }
});

test("a device name may contain anything", () => {
  const made = conflictedName("a.txt", copyLabel(`my (old) laptop/${"x".repeat(300)}`, 0), free);
  assert.match(made, /^a \(my -old- laptop-x+'s conflicted copy 1970-01-01\)\.txt$/);
  assert.ok(isNameOfCopy(made));
});

test("no conflicted name exceeds the length of names, or splits a character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }), (name) => {
      const made = conflictedName(name, label, free);
      assert.ok(Buffer.byteLength(made) <= 255);
      assert.ok(made.isWellFormed());
      assert.ok(isNameOfCopy(made));
    }),
  );
});
