import assert from "node:assert/strict";
import { test } from "node:test";
import { shownName } from "./shown-name.ts";

test("a name with direction control characters shows replacement characters, and other names stay unchanged", () => {
  assert.equal(shownName("photo_\u202Egpj.exe"), "photo_\uFFFDgpj.exe");
  assert.equal(shownName("\u2066a\u2069.txt"), "\uFFFDa\uFFFD.txt");
  for (const name of ["a.txt", "عربي.txt", "שלום.pdf", "👨‍👩‍👧.jpg"]) assert.equal(shownName(name), name);
});
