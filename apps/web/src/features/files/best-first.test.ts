import assert from "node:assert/strict";
import { test } from "node:test";
import { bestFirst, matchParts } from "./best-first.ts";

test("exact names come first, then beginnings, words and the rest; folders before files, and the given order among equals", () => {
  const items = [
    { name: "old invoices.zip", kind: "file" },
    { name: "preinvoice.txt", kind: "file" },
    { name: "Invoices 2026", kind: "folder" },
    { name: "Invoice list.txt", kind: "file" },
    { name: "Invoíce.pdf", kind: "file" },
    { name: "invoice", kind: "folder" },
    { name: "invoices 2025", kind: "folder" },
  ];
  assert.deepEqual(
    bestFirst(items, " Invoice ").map(({ name }) => name),
    [
      "invoice",
      "Invoíce.pdf",
      "Invoices 2026",
      "invoices 2025",
      "Invoice list.txt",
      "old invoices.zip",
      "preinvoice.txt",
    ],
  );
});

test("matched parts keep the spelling of the name, whatever its accents and letters", () => {
  const marked = (name: string, text: string) =>
    matchParts(name, text)
      .map(({ text: part, isMatch }) => (isMatch ? `[${part}]` : part))
      .join("");
  assert.equal(marked("Café Rechnung.pdf", "cafe RECH"), "[Café] [Rech]nung.pdf");
  assert.equal(marked("Cafe\u0301.pdf", "café"), "[Cafe\u0301].pdf");
  assert.equal(marked("ﬁle.txt", "fi"), "[ﬁ]le.txt");
  assert.equal(marked("a😀b", "b"), "a😀[b]");
  assert.equal(marked("plan.txt", "zebra"), "plan.txt");
  assert.equal(marked("", "x"), "");
});
