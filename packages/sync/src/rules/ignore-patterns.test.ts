import assert from "node:assert/strict";
import { test } from "node:test";
import { fc, seed } from "@holdfast/tools/properties";
import ignore from "ignore";
import { IgnorePatterns } from "./ignore-patterns.ts";

/** Returns the result of the library, which is tested against git. Its regular expressions backtrack. */
function byLibrary(lines: readonly string[]) {
  const all = ignore({ ignorecase: false, allowRelativePaths: true }).add(lines);
  return (path: string, isFolder: boolean) => {
    const { ignored, unignored } = all.test(isFolder ? `${path}/` : path);
    return ignored || unignored ? ignored : undefined;
  };
}

const pieces = fc.constantFrom(
  ...Array.from("aab*/?!#-^].:\\ (+$|é"),
  "**",
  "/**",
  "**/",
  "/**/",
  "***",
  "a/b",
  "\\*",
  "\\/",
  "\\[",
  "\\ ",
  "{a,b}",
  "\u{1f600}",
  "\ue000",
  "[",
  "[!",
  "[a-b]",
  "[^a]",
  "[]a]",
  "[a-",
  "[b-a]",
  "[:",
  "[[:alpha:]]",
  "[[:punct:]_]",
  "[[:none:]]",
);
const anyLine = fc.array(pieces, { maxLength: 8 }).map((each) => each.join(""));
const anyName = fc
  .array(fc.constantFrom(...Array.from("aaabb*!#-^].: \\[(+$é"), "\u{1f600}", "\ue000", "{a,b}", "|"), {
    minLength: 1,
    maxLength: 4,
  })
  .map((chars) => chars.join(""))
  .filter((text) => text !== "." && text !== "..");
const anyPath = fc.array(anyName, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));

test("patterns match the same paths as in the library that follows git's rules", () => {
  fc.assert(
    fc.property(
      fc.array(anyLine, { minLength: 1, maxLength: 4 }),
      fc.array(anyPath, { maxLength: 6 }),
      (lines, paths) => {
        const [ours, theirs] = [new IgnorePatterns(lines), byLibrary(lines)];
        for (const each of paths) {
          for (const isFolder of [false, true])
            assert.equal(ours.ignores(each, isFolder), theirs(each, isFolder), JSON.stringify([lines, each, isFolder]));
        }
      },
    ),
    { seed, numRuns: 3000 },
  );
});

test("no pattern takes more steps than its length times the path's, with any number of stars", () => {
  const deep = (name: string) => Array.from({ length: 60 }, () => name).join("/");
  const patterns = [
    `${"**/".repeat(50)}b`,
    `${"**/a/".repeat(50)}b`,
    `${"a/**/".repeat(50)}b`,
    `${"**/a*a/".repeat(30)}b`,
    `${"**/*a*/".repeat(30)}**`,
    `${"**/".repeat(25)}${"a/".repeat(25)}b/**`,
    `${"*a".repeat(100)}b`,
    `${"*[ab]".repeat(100)}c`,
    `${"*?".repeat(100)}b`,
    `${"a*".repeat(100)}b`,
    `${"***".repeat(100)}b`,
    `${"[a]*".repeat(100)}/**/c`,
  ];
  const paths = [deep("a"), deep("aaaa"), "a".repeat(255), `${deep("ab")}/${"a".repeat(255)}`];
  for (const line of patterns) {
    for (const path of paths) {
      const matcher = new IgnorePatterns([line]);
      matcher.ignores(path, false);
      const askedBytes = path.split("/").length * path.length;
      const { steps } = matcher.work;
      assert.ok(steps <= line.length * askedBytes, `${steps} steps for ${line} and ${path}`);
    }
  }
});

test("only patterns with a name in the path are tried, among thousands, and the last match decides", () => {
  const lines = Array.from({ length: 10_000 }, (_, index) => `/some/folder${index}/*.tmp${index}`);
  const matcher = new IgnorePatterns([...lines, "build/", "!/some/folder7/*.tmp7", "*.log"]);
  const asked = [
    ["some/folder5/a.tmp5", true],
    ["some/folder5/a.tmp6", undefined],
    ["some/folder7/a.tmp7", false],
    ["some/folder7/a.log", true],
    ["some/build", undefined],
    ["other/file", undefined],
  ] as const;
  for (const [path, expected] of asked) assert.equal(matcher.ignores(path, false), expected, path);
  assert.equal(matcher.ignores("some/build", true), true);
  assert.ok(matcher.work.steps < 1000, `${matcher.work.steps} steps`);
});

test("a class costs little more than a character, with any number of ranges", () => {
  const ranges = Array.from({ length: 500 }, (_, index) => String.fromCharCode(0x100 + 2 * index)).join("");
  const matcher = new IgnorePatterns([`*[${ranges}]b*`]);
  assert.equal(matcher.ignores(`${"a".repeat(200)}\u0102b`, false), true);
  assert.equal(matcher.ignores(`${"a".repeat(200)}\u0103b`, false), undefined);
  const { steps } = matcher.work;
  assert.ok(steps > 400 && steps < 400 * 15, `${steps} steps`);
});
