import assert from "node:assert/strict";
import { test } from "node:test";
import { cutName, nameFault, stemLength } from "./file-names.ts";
import { cutMiddle, freeName } from "../move/target-names.ts";

test("a rename selects the stem of a file name and the whole name of a folder", () => {
  const selected = (name: string, isFolder = false) => name.slice(0, stemLength(name, isFolder));
  assert.equal(selected("report.final.pdf"), "report.final");
  assert.equal(selected("backup.tar.gz"), "backup");
  assert.equal(selected(".bashrc"), ".bashrc");
  assert.equal(selected("Dr. No and others"), "Dr. No and others");
  assert.equal(selected("v1.2", true), "v1.2");
});

test("an invalid name is reported with what to fix", () => {
  assert.equal(nameFault("a.txt"), undefined);
  assert.deepEqual(["", "..", "a/b", "a\nb", "ü".repeat(128)].map(nameFault), [
    "empty",
    "dots",
    "slash",
    "sign",
    "long",
  ]);
});

test("a name that exists gets a number", () => {
  const taken = new Set(["New folder", "New folder 2"]);
  assert.equal(
    freeName("New folder", (name) => taken.has(name)),
    "New folder 3",
  );
});

test("a name is split before its ending, never inside a character, without losing anything", () => {
  assert.deepEqual(cutName("short.txt"), { head: "short.txt", tail: "" });
  const family = "👨‍👩‍👧‍👦";
  for (const name of ["a very long name of a report 2026.pdf", family.repeat(9), `${"x".repeat(300)}.b`]) {
    const { head, tail } = cutName(name);
    assert.equal(head + tail, name);
    assert.ok(!tail.startsWith("\u200d") && !/^[\udc00-\udfff]/.test(tail), name);
  }
  assert.match(cutName("a very long name of a report 2026.pdf").tail, /2026\.pdf$/);
});

test("a name on a button is shortened in the middle, never inside a character", () => {
  assert.equal(cutMiddle("Invoices", 12), "Invoices");
  assert.equal(cutMiddle("Invoices of 2026", 12), "Invoic… 2026");
  assert.equal(cutMiddle("👨‍👩‍👧‍👦".repeat(9), 5), `${"👨‍👩‍👧‍👦".repeat(2)}…${"👨‍👩‍👧‍👦".repeat(2)}`);
});
