import assert from "node:assert/strict";
import { test } from "node:test";
import { shownName } from "./shown-name.ts";

test("a name that turns the direction of writing shows that it does, and others stay as they are", () => {
  assert.equal(shownName("photo_\u202Egpj.exe"), "photo_\uFFFDgpj.exe");
  assert.equal(shownName("\u2066a\u2069.txt"), "\uFFFDa\uFFFD.txt");
  for (const name of ["a.txt", "عربي.txt", "שלום.pdf", "👨‍👩‍👧.jpg"]) assert.equal(shownName(name), name);
});
