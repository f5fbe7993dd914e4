import assert from "node:assert/strict";
import { test } from "node:test";
import { differenceOf } from "./text-difference.ts";

const short = (before: string, after: string) =>
  differenceOf(before, after)?.map((line) => {
    if (line.kind === "skipped") return `… ${line.count}`;
    return `${{ same: " ", added: "+", removed: "-" }[line.kind]}${line.text}`;
  });

test("a changed line stands removed and added, between the equal ones around it, with their numbers", () => {
  assert.deepEqual(short("a\nb\nc\n", "a\nB\nc\n"), [" a", "-b", "+B", " c"]);
  assert.deepEqual(differenceOf("a\nb\n", "a\nc\nb\n"), [
    { kind: "same", text: "a", left: 1, right: 1 },
    { kind: "added", text: "c", right: 2 },
    { kind: "same", text: "b", left: 2, right: 3 },
  ]);
});

test("equal lines far from every change are counted and not shown", () => {
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

test("texts that have nothing in common are given up instead of being compared for minutes", () => {
  const many = (prefix: string) => Array.from({ length: 3000 }, (_, index) => `${prefix}${index}`).join("\n");
  assert.equal(differenceOf(many("a"), many("b"), 1000), undefined);
});
