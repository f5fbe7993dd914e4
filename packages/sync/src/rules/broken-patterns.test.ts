import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenPatterns, brokenWords } from "./broken-patterns.ts";
import { Rules } from "./rules.ts";

test("a line that is no pattern is told with its number and why, and the others hold", () => {
  const text = "# all of it\n*.tmp\n\n[abc\nlast\\\r\n[z-a]\n[[:letters:]]x\n!\n/\nbuild/\n";
  assert.deepEqual(
    brokenPatterns(text).map(({ line, pattern, why }) => [line, pattern, why]),
    [
      [4, "[abc", "its [ is never closed; write \\[ for the character itself"],
      [5, "last\\", "nothing follows its last \\; write \\\\ for the character itself"],
      [6, "[z-a]", "its range z-a goes backwards"],
      [7, "[[:letters:]]x", "[:letters:] is no class of characters"],
      [8, "!", "it names nothing"],
      [9, "/", "it names nothing"],
    ],
  );
  const [first] = brokenPatterns(text);
  assert.ok(first !== undefined);
  assert.equal(
    brokenWords(first),
    "Line 4, [abc, is no pattern and keeps nothing away: its [ is never closed; write \\[ for the character itself. The other lines hold.",
  );
  const rules = new Rules(text, []);
  assert.deepEqual(
    [rules.hides("a.tmp", false), rules.hides("build", true), rules.hides("abc", false)],
    [true, true, false],
  );
});

test("what is a pattern is none that is broken", () => {
  const patterns = [
    "a",
    "*.o",
    "!keep.o",
    "[a-z]x",
    "[]a]",
    "[!]]",
    "[^0-9]",
    "[[:alpha:]_]",
    "[a-]",
    "[-a]",
    "\\[a",
    "\\#",
    "**/b",
    "a\\ ",
    "[\\]]",
    "[a-c-e]",
    "{a,b}",
  ];
  assert.deepEqual(brokenPatterns(patterns.join("\n")), []);
});

test("a file that is no ignore file is told of in few lines, at once", () => {
  assert.equal(brokenPatterns("[\n".repeat(100_000)).length, 50);
  assert.equal(brokenPatterns("[[:".repeat(50_000)).length, 1);
});
