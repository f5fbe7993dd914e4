import assert from "node:assert/strict";
import { test } from "node:test";
import { nextPicture, picturesAround } from "./pictures.ts";
import type { ListedRow } from "./row-source.ts";

/** @param names one letter per row: capitals are pictures, `?` has not loaded */
function rowsOf(names: string) {
  const rowAt = (index: number): ListedRow | undefined => {
    const name = names[index] ?? "?";
    if (name === "?") return undefined;
    const isImage = name !== name.toLowerCase();
    return { id: name, kind: "file", name: `${name}.jpg`, thumb: isImage ? "content" : undefined } as ListedRow;
  };
  return { total: names.length, rowAt, indexOf: (wanted: string) => names.indexOf(wanted) };
}

function after(names: string, id: string | undefined): string | undefined {
  const next = nextPicture(rowsOf(names), id);
  return typeof next === "object" ? next.id : next;
}

test("the next picture skips other files, and the last picture has none", () => {
  assert.equal(after("aBcD", undefined), "B");
  assert.equal(after("aBcD", "B"), "D");
  assert.equal(after("aBcD", "a"), "B");
  assert.equal(after("aBcDe", "D"), undefined);
  assert.equal(after("abc", undefined), undefined);
  assert.equal(after("AB", "x"), undefined, "a file that has left the list");
});

test("a row that has not loaded can be the next picture, so a later picture is not", () => {
  assert.equal(after("A?B", "A"), "unloaded");
  assert.equal(after("Ab?", "A"), "unloaded");
  assert.equal(after("AB?", "A"), "B");
});

test("a picture is in the middle of its strip, except near the ends of the list", () => {
  const around = (names: string, id: string, countMax = 5) =>
    picturesAround(rowsOf(names), id, countMax)
      .map((row) => row.id)
      .join("");
  assert.equal(around("ABCDEFG", "D"), "BCDEF");
  assert.equal(around("ABCDEFG", "A"), "ABCDE");
  assert.equal(around("ABCDEFG", "F"), "CDEFG");
  assert.equal(around("ABC", "C"), "ABC");
  assert.equal(around("AxBxyCzD", "B"), "ABCD", "other files are left out");
  assert.equal(around("A?BCD?E", "C"), "BCD", "rows that have not loaded end a side");
  assert.equal(around("ABCDEFG", "D", 2), "DE");
  assert.equal(around("AB", "x"), "");
  assert.equal(around("AbC", "b"), "", "no picture");
});
