import assert from "node:assert/strict";
import { test } from "node:test";
import { hasWords } from "./has-words.ts";

test("a search matches a text that contains all of its words, ignoring case and order", () => {
  const ann = "Ann Müller ann@example.com";
  const found = (searches: readonly string[]) => searches.filter((search) => hasWords(ann, search));
  const fitting = ["", "  ", "ann", "MÜLLER", "example ann", " ann  müller "];
  assert.deepEqual(found(fitting), fitting);
  assert.deepEqual(found(["bob", "ann bob", "annmüller"]), []);
});
