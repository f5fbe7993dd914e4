import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListedRow } from "../features/files/rows/row-source.ts";
import { countRows } from "./folder-count.ts";

const file = (name: string, sizeBytes: number, thumb?: string) =>
  ({ kind: "file", name, sizeBytes, thumb }) as ListedRow;
const folder = { kind: "folder", name: "more", sizeBytes: 0, thumb: undefined } as ListedRow;
const count = (isWhole: boolean, ...rows: readonly ListedRow[]) =>
  countRows({ total: rows.length, rowAt: (index) => rows[index], isWhole });

test("a folder's files are counted apart from its folders, and as photos if all of them are", () => {
  const [one, two] = [file("a.jpg", 1000, "a"), file("b.png", 500, "b")];
  assert.deepEqual(count(true, folder, one, two), { folders: 1, files: 2, sizeBytes: 1500, arePhotos: true });
  assert.deepEqual(count(true, one, file("c.txt", 7)), { folders: 0, files: 2, sizeBytes: 1007, arePhotos: false });
});

test("nothing is counted before all rows have loaded", () => {
  assert.equal(count(false, folder), undefined);
});
