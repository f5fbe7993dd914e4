import assert from "node:assert/strict";
import { test } from "node:test";
import { fileIn } from "./file-in.ts";
import type { ListedRow, RowSource } from "../rows/row-source.ts";

/** @param names one letter per row: `/` is a folder, `?` has not loaded */
function rowsOf(names: string): RowSource {
  const row = (id: string): ListedRow | undefined =>
    id === "?" ? undefined : ({ id, kind: id === "/" ? "folder" : "file" } as ListedRow);
  const rowAt = (index: number) => row(names[index] ?? "?");
  const known = { total: names.length, isWhole: !names.includes("?"), indexOf: (id: string) => names.indexOf(id) };
  return { ...known, row, rowAt } as RowSource;
}

function placeOf(names: string, id: string) {
  const { previousId, nextId, at, count, hasMore } = fileIn(rowsOf(names), id) ?? {};
  return [previousId, nextId, at, count, hasMore];
}

test("folders are neither neighbors nor counted", () => {
  assert.deepEqual(placeOf("/a/bc", "b"), ["a", "c", 2, 3, false]);
  assert.deepEqual(placeOf("/a", "a"), [undefined, undefined, 1, 1, false]);
  assert.equal(fileIn(rowsOf("/a"), "/"), undefined);
  assert.equal(fileIn(rowsOf("/a"), "x"), undefined);
});

test("rows that have not loaded hide the neighbors and the position behind them", () => {
  assert.deepEqual(placeOf("ab?c", "b"), ["a", undefined, 2, 3, true]);
  assert.deepEqual(placeOf("a?bc", "b"), [undefined, "c", undefined, 3, true]);
  assert.deepEqual(placeOf("a?bc", "c"), ["b", undefined, undefined, 3, true]);
});
