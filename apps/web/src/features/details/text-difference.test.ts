import assert from "node:assert/strict";
import { test } from "node:test";
import { differenceOf } from "./text-difference.ts";

const short = (before: string, after: string) =>
  differenceOf(before, after)?.map((line) => {
    if (line.kind === "skipped") return `… ${line.count}`;
    return `${{ same: " ", added: "+", removed: "-" }[line.kind]}${line.text}`;
  });

test("a changed line shows as removed and added, between its unchanged neighbors, with line numbers", () => {
  assert.deepEqual(short("a\nb\nc\n", "a\nB\nc\n"), [" a", "-b", "+B", " c"]);
  assert.deepEqual(differenceOf("a\nb\n", "a\nc\nb\n"), [
    { kind: "same", text: "a", left: 1, right: 1 },
    { kind: "added", text: "c", right: 2 },
    { kind: "same", text: "b", left: 2, right: 3 },
  ]);
});

test("unchanged lines far from any change are counted and not shown", () => {
  const numbers = Array.from({ length: 20 }, (_, index) => String(index));
  const changed = numbers.with(10, "ten");
  assert.deepEqual(short(numbers.join("\n"), changed.join("\n")), [
    "… 7",
    " 7",
    " 8",
    " 9",
    "-10",
    "+ten",
    " 11",
    " 12",
    " 13",
    "… 6",
  ]);
  assert.deepEqual(short("same\n", "same\n"), ["… 1"]);
});

test("the comparison of texts with nothing in common is given up after its limit", () => {
  const many = (prefix: string) => Array.from({ length: 3000 }, (_, index) => `${prefix}${index}`).join("\n");
  assert.equal(differenceOf(many("a"), many("b"), 1000), undefined);
});
