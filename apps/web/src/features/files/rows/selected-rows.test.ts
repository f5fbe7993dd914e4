import assert from "node:assert/strict";
import { test } from "node:test";
import { shownSelection } from "./selected-rows.ts";
import { nothingSelected, select } from "./selection.ts";

const shown = { indexOf: (id: string) => ["b", "d"].indexOf(id) };

test("a filter limits the selection to the rows shown, and its end restores the others", () => {
  const chosen = ["a", "b", "c"].reduce((selection, id) => select(selection, { type: "toggle", id }), nothingSelected);
  const visible = shownSelection(chosen, shown);
  assert.deepEqual([visible.all, [...visible.ids]], [false, ["b"]]);
  assert.deepEqual([...chosen.ids], ["a", "b", "c"]);
  const onlyShown = select(nothingSelected, { type: "only", id: "d" });
  assert.equal(shownSelection(onlyShown, shown), onlyShown);
});

test("Select all with exceptions counts as nothing while a filter is active", () => {
  const all = select(select(nothingSelected, { type: "all" }), { type: "toggle", id: "a" });
  const visible = shownSelection(all, shown);
  assert.deepEqual([visible.all, visible.ids.size], [false, 0]);
});
