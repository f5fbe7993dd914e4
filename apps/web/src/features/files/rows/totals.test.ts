import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListedRow } from "./row-source.ts";
import { sizeOf, totalsOf } from "./totals.ts";

const file = (name: string, sizeBytes: number, thumb?: string) =>
  ({ kind: "file", name, sizeBytes, thumb }) as ListedRow;
const folder = { kind: "folder", name: "more", sizeBytes: 0, thumb: undefined } as ListedRow;
const count = (isWhole: boolean, ...rows: readonly ListedRow[]) =>
  totalsOf({ total: rows.length, rowAt: (index) => rows[index], isWhole });

test("files are counted apart from folders, and as photos if all of them are", () => {
  const [one, two] = [file("a.jpg", 1000, "a"), file("b.png", 500, "b")];
  assert.deepEqual(count(true, folder, one, two), { folders: 1, files: 2, sizeBytes: 1500, arePhotos: true });
  assert.deepEqual(count(true, one, file("c.txt", 7)), { folders: 0, files: 2, sizeBytes: 1007, arePhotos: false });
});

test("nothing is counted before all rows have loaded", () => {
  assert.equal(count(false, folder), undefined);
});

test("the size of a selection is only known without folders", () => {
  const [one, two] = [file("a.txt", 1000), file("b.txt", 500)];
  assert.equal(sizeOf([one, two]), 1500);
  assert.equal(sizeOf([one, folder]), undefined);
});
