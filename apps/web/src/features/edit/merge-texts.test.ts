import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { mergeTexts, textOf } from "./merge-texts.ts";

const base = "one\ntwo\nthree\nfour\nfive\n";

test("two people's changes in different places are merged", () => {
  const parts = mergeTexts("ONE\ntwo\nthree\nfour\nfive\n", base, "one\ntwo\nthree\nfour\nFIVE\nsix\n");
  assert.equal(
    parts.some(({ kind }) => kind === "conflict"),
    false,
  );
  assert.equal(textOf(parts, []), "ONE\ntwo\nthree\nfour\nFIVE\nsix\n");
});

test("a conflict on the same line can be resolved with mine, theirs, or both in turn", () => {
  const parts = mergeTexts("one\nmy two\nthree\n", "one\ntwo\nthree\n", "one\ntheir two\nthree\n");
  assert.deepEqual(
    parts.filter(({ kind }) => kind === "conflict"),
    [{ kind: "conflict", mine: "my two\n", theirs: "their two\n" }],
  );
  assert.equal(textOf(parts, ["mine"]), "one\nmy two\nthree\n");
  assert.equal(textOf(parts, ["theirs"]), "one\ntheir two\nthree\n");
  assert.equal(textOf(parts, ["both"]), "one\nmy two\ntheir two\nthree\n");
});

test("two last lines without a line end stay two lines", () => {
  assert.equal(textOf(mergeTexts("a\nmine", "a\n", "a\ntheirs"), ["both"]), "a\nmine\ntheirs");
});

test("the same change on both sides is no conflict", () => {
  assert.equal(textOf(mergeTexts("a\nX\n", "a\nb\n", "a\nX\n"), []), "a\nX\n");
});

test("a side without changes gets the other side's text unchanged (random)", () => {
  const text = fc.array(fc.constantFrom("a\n", "b\n", "\n", "c"), { maxLength: 12 }).map((lines) => lines.join(""));
  fc.assert(
    fc.property(text, text, (before, after) => {
      assert.equal(textOf(mergeTexts(before, before, after), []), after);
      assert.equal(textOf(mergeTexts(after, before, before), []), after);
    }),
  );
});

test("choosing mine everywhere loses no line of mine, and choosing theirs none of theirs (random)", () => {
  const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "d\n"), { maxLength: 10 }).map((lines) => lines.join(""));
  const linesBeyond = (of: string, known: string) => of.split("\n").filter((line) => !known.split("\n").includes(line));
  fc.assert(
    fc.property(text, text, text, (mine, from, theirs) => {
      const parts = mergeTexts(mine, from, theirs);
      const count = parts.filter(({ kind }) => kind === "conflict").length;
      const merged = textOf(
        parts,
        Array.from({ length: count }, () => "mine" as const),
      );
      for (const line of linesBeyond(mine, from)) assert.ok(merged.split("\n").includes(line));
      const other = textOf(
        parts,
        Array.from({ length: count }, () => "theirs" as const),
      );
      for (const line of linesBeyond(theirs, from)) assert.ok(other.split("\n").includes(line));
    }),
  );
});
