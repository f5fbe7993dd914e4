import assert from "node:assert/strict";
import { test } from "node:test";
import { readPreferences } from "../../../browser/preferences.ts";
import { rowOf } from "../../../data/row.ts";
import type { ListedRow } from "../rows/row-source.ts";
import { holdsPictures } from "./use-view.ts";

const row = (kind: "file" | "folder", name: string, hasThumb = false): ListedRow =>
  rowOf({
    id: "1",
    kind,
    name,
    size: 1,
    modified_at: "2026-01-01T00:00:00Z",
    revision: "1",
    seq: 1,
    role: "owner",
    ...(hasThumb ? { thumb: true, content_id: "c" } : {}),
  });
const [picture, text, folder] = [row("file", "a.jpg", true), row("file", "a.txt"), row("folder", "a")];
const invoice = row("file", "a.pdf", true);
const times = (count: number, one: ListedRow | undefined) => Array.from({ length: count }, () => one);
const isAlbum = (...rows: readonly (ListedRow | undefined)[]) =>
  holdsPictures({ total: rows.length, rowAt: (index) => rows[index] });

test("a folder with mostly picture files counts as an album, regardless of its subfolders", () => {
  assert.equal(isAlbum(...times(4, picture)), true);
  assert.equal(isAlbum(...times(4, picture), ...times(2, text), ...times(20, folder)), true);
  assert.equal(isAlbum(...times(4, picture), ...times(3, text)), false);
  assert.equal(isAlbum(...times(3, picture)), false, "too few");
  assert.equal(isAlbum(...times(20, invoice)), false, "documents");
  assert.equal(isAlbum(...times(10, undefined), ...times(5, picture)), true, "rows that have not loaded");
  assert.equal(isAlbum(...times(60, text), ...times(1000, picture)), false, "only the first rows count");
});

test("the last 200 view choices are kept, and invalid ones are dropped", () => {
  const views = (value: unknown) => readPreferences(JSON.stringify({ view: "tiles", views: value })).views;
  assert.deepEqual(views([["a", "icons"], ["b"], "c", null, [1, "list"], ["d", "list"]]), [["d", "list"]]);
  assert.equal(views({ a: "list" }), undefined);
  const many = Array.from({ length: 250 }, (_, index) => [`${index}`, "list"]);
  assert.deepEqual(
    views(many)?.map(([place]) => place),
    many.slice(50).map(([place]) => place),
  );
});
