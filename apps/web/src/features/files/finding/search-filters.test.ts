import assert from "node:assert/strict";
import { test } from "node:test";
import { readFilters } from "./search-filters.ts";

test("time ranges begin at the viewer's midnight, and unknown filters are left out", () => {
  const range = (modified: string) => readFilters({ modified }, new Date(2026, 2, 3, 14, 30)).modified;
  const at = (...date: readonly [number, number, number]) => new Date(...date).toISOString();
  assert.equal(range("today"), `${at(2026, 2, 3)}..`);
  assert.equal(range("week"), `${at(2026, 1, 25)}..`);
  assert.equal(range("month"), `${at(2026, 2, 1)}..`);
  assert.equal(range("year"), `${at(2026, 0, 1)}..`);
  assert.equal(range("last-year"), `${at(2025, 0, 1)}..${at(2026, 0, 1)}`);
  assert.deepEqual(readFilters({ type: "toString", modified: "soon", owner: "me", in: "1" }, new Date()), {
    type: undefined,
    owner: "me",
    modified: undefined,
    in: "1",
  });
});
