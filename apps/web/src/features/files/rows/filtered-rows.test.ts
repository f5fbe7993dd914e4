import assert from "node:assert/strict";
import { test } from "node:test";
import { FilteredRows } from "./filtered-rows.ts";
import { PagedRows } from "./paged-rows.ts";
import { anyRow } from "../acts/files-context.ts";

const named = (name: string) => ({ ...anyRow, id: name, name });
const until = async (source: PagedRows, rows: number) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = source.subscribe(() => source.total >= rows && resolve());
  await promise;
  stop();
};

test("the filter ignores case and accents, and includes rows that load later", async () => {
  const pages = [
    { rows: [named("Übung.txt"), named("b.txt")], next: "more" },
    { rows: [named("grubungen.txt")], next: null },
  ];
  const all = new PagedRows(async (cursor) => pages[cursor === undefined ? 0 : 1] ?? { rows: [], next: null });
  await until(all, 3);
  assert.equal(all.isWhole, false, "two rows, and a line for those to come");
  const found = new FilteredRows(all, " UBUNG ");
  assert.deepEqual([found.total, found.idAt(0), found.isWhole], [1, "Übung.txt", false]);
  const whole = until(all, 3);
  all.need(0, 4);
  await whole;
  assert.deepEqual([found.total, found.idAt(1), found.indexOf("grubungen.txt")], [2, "grubungen.txt", 1]);
  assert.equal(found.indexOf("b.txt"), -1);
  assert.equal(found.isGone("b.txt"), false, "what does not fit stays selected");
});
