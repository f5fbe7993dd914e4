import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenPatterns, brokenWords } from "./broken-patterns.ts";
import { limits } from "@holdfast/core/limits";
import { Rules } from "./rules.ts";

test("an invalid line is reported with its number and reason, and the others apply", () => {
  const text = "# all of it\n*.tmp\n\n[abc\nlast\\\r\n[z-a]\n[[:letters:]]x\n!\n/\nbuild/\n";
  assert.deepEqual(
    brokenPatterns(text).map(({ line, pattern, why }) => [line, pattern, why]),
    [
      [4, "[abc", "its [ is never closed; write \\[ for the character itself"],
      [5, "last\\", "nothing follows its last \\; write \\\\ for the character itself"],
      [6, "[z-a]", "its range z-a goes backwards"],
      [7, "[[:letters:]]x", "[:letters:] is not a character class"],
      [8, "!", "it names nothing"],
      [9, "/", "it names nothing"],
    ],
  );
  const [first] = brokenPatterns(text);
  assert.ok(first !== undefined);
  assert.equal(
    brokenWords(first),
    "Line 4 ([abc) is not a valid pattern and is ignored: its [ is never closed; write \\[ for the character itself. The other lines apply.",
  );
  const rules = new Rules(text, []);
  assert.deepEqual(
    [rules.hides("a.tmp", false), rules.hides("build", true), rules.hides("abc", false)],
    [true, true, false],
  );
});

test("a valid pattern is not reported as broken", () => {
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

test("a file that is no ignore file is reported in few lines, quickly", () => {
  assert.equal(brokenPatterns("[\n".repeat(100_000)).length, 51);
  assert.equal(brokenPatterns("[[:".repeat(50_000)).length, 1);
});

test("lines beyond the limits are ignored and reported, and a truncated line is no pattern", () => {
  const broken = (text: string) => brokenPatterns(text).map(({ line, why }) => [line, why]);
  const { ignoreBytesMax, ignoreLinesMax, ignoreLineCharactersMax } = limits;
  const many = `${"a\n".repeat(ignoreLinesMax)}b\n`;
  assert.deepEqual(broken(many), [[10_001, "only the first 10,000 lines apply"]]);
  assert.deepEqual(brokenPatterns(many).map(brokenWords), [
    "Line 10001 and all lines after it are ignored: only the first 10,000 lines apply.",
  ]);
  assert.deepEqual([new Rules(many, []).hides("a", false), new Rules(many, []).hides("b", false)], [true, false]);
  const long = `a\n${"b".repeat(ignoreLineCharactersMax)}\n*${"?".repeat(ignoreLineCharactersMax)}\nc`;
  assert.deepEqual(broken(long), [[3, "it has more than 1024 characters"]]);
  const rules = new Rules(long, []);
  assert.deepEqual(
    [rules.hides("a", false), rules.hides("c", false), rules.hides("d".repeat(2000), false)],
    [true, true, false],
  );
  const comment = `#${"-".repeat(998)}\n`;
  const cut = `${comment.repeat(ignoreBytesMax / 1000)}${" ".repeat(ignoreBytesMax % 1000)}*`;
  assert.equal(Buffer.byteLength(cut), ignoreBytesMax + 1);
  assert.deepEqual(broken(cut), [[263, "only the first 256 KiB apply"]]);
  assert.equal(new Rules(cut, []).hides("a", false), false);
  assert.deepEqual(broken(cut.slice(1)), []);
});
