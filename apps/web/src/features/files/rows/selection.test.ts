import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { isSelected, nothingSelected, type RowOrder, select, selectedCount, type SelectionAct } from "./selection.ts";

const orderOf = (ids: readonly (string | undefined)[]): RowOrder => ({
  total: ids.length,
  idAt: (index) => ids[index],
  indexOf: (id) => ids.indexOf(id),
});
const after = (...acts: readonly SelectionAct[]) => acts.reduce(select, nothingSelected);
const abcdef = orderOf(Array.from("abcdef"));

test("Shift selects from the anchor repeatedly, and adds with Ctrl", () => {
  const shifted = after({ type: "only", id: "c" }, { type: "extend", id: "e", add: false, order: abcdef });
  assert.deepEqual([...shifted.ids], ["c", "d", "e"]);
  const back = select(shifted, { type: "extend", id: "a", add: false, order: abcdef });
  assert.deepEqual([...back.ids], ["a", "b", "c"]);
  const added = [
    { type: "toggle", id: "f" },
    { type: "extend", id: "e", add: true, order: abcdef },
  ] as const;
  assert.deepEqual([...added.reduce(select, back).ids].toSorted(), ["a", "b", "c", "e", "f"]);
});

test("a range over unloaded rows is completed when they load, unless it was given up", () => {
  const partly = orderOf(["a", undefined, undefined, "d", "e"]);
  const before = after({ type: "only", id: "a" }, { type: "extend", id: "d", add: false, order: partly });
  assert.deepEqual([...before.ids], ["a", "d"]);
  const whole = select(before, { type: "loaded", order: abcdef });
  assert.deepEqual([...whole.ids].toSorted(), ["a", "b", "c", "d"]);
  const other = select(before, { type: "only", id: "e" });
  assert.equal(select(other, { type: "loaded", order: abcdef }), other, "a range that was given up came back");
});

test("removed rows leave the selection, and the focus moves to the next row", () => {
  const three = after({ type: "only", id: "b" }, { type: "extend", id: "d", add: false, order: abcdef });
  const left = select(three, { type: "gone", ids: new Set(["c", "d"]), next: "e" });
  assert.deepEqual([[...left.ids], left.anchor, left.focus], [["b"], "b", "e"]);
  assert.equal(select(left, { type: "gone", ids: new Set(["x"]), next: "y" }), left);
});

test("a selection of all but some rows is counted, and shrinks with the folder", () => {
  const most = after({ type: "all" }, { type: "toggle", id: "b" });
  assert.equal(selectedCount(most, 100_000), 99_999);
  assert.deepEqual([isSelected(most, "b"), isSelected(most, "not loaded")], [false, true]);
  const goneToo = select(most, { type: "gone", ids: new Set(["b"]), next: null });
  assert.equal(selectedCount(goneToo, 99_999), 99_999);
});

test("any sequence of steps gives the same selection as plain lists of names (random)", () => {
  const rows = Array.from("abcdefgh");
  const id = fc.constantFrom(...rows);
  const step = fc.oneof(
    fc.record({ type: fc.constant("only" as const), id }),
    fc.record({ type: fc.constant("toggle" as const), id }),
    fc.record({ type: fc.constant("extend" as const), id, add: fc.boolean() }),
    fc.record({ type: fc.constant("band" as const), ids: fc.subarray(rows), add: fc.boolean() }),
    fc.record({ type: fc.constant("sort" as const), rows: fc.shuffledSubarray(rows, { minLength: rows.length }) }),
    fc.record({ type: fc.constant("gone" as const), id }),
    fc.record({ type: fc.constantFrom("all" as const, "none" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let selection = nothingSelected;
      let shown = rows;
      let expected: string[] = [];
      let anchor: string | null = null;
      for (const one of steps) {
        const order = orderOf(shown);
        switch (one.type) {
          case "sort":
            shown = one.rows.filter((row) => shown.includes(row));
            continue;
          case "gone": {
            const at = shown.indexOf(one.id);
            const next = shown[at + 1] ?? shown[at - 1] ?? null;
            if (at < 0) continue;
            shown = shown.filter((row) => row !== one.id);
            expected = expected.filter((row) => row !== one.id);
            if (anchor === one.id) anchor = next;
            selection = select(selection, { type: "gone", ids: new Set([one.id]), next });
            break;
          }
          case "only":
            if (!shown.includes(one.id)) continue;
            [expected, anchor] = [[one.id], one.id];
            selection = select(selection, one);
            break;
          case "toggle":
            if (!shown.includes(one.id)) continue;
            expected = expected.includes(one.id) ? expected.filter((row) => row !== one.id) : [...expected, one.id];
            anchor = one.id;
            selection = select(selection, one);
            break;
          case "extend": {
            if (!shown.includes(one.id)) continue;
            anchor ??= one.id;
            const [from, to] = [shown.indexOf(anchor), shown.indexOf(one.id)].toSorted((a, b) => a - b);
            const range = shown.slice(from, (to ?? 0) + 1);
            expected = one.add ? [...expected, ...range] : range;
            selection = select(selection, { ...one, order });
            break;
          }
          case "band": {
            const touched = one.ids.filter((row) => shown.includes(row));
            expected = one.add ? [...expected, ...touched] : touched;
            selection = select(selection, { type: "band", ids: touched, before: selection, add: one.add });
            break;
          }
          case "all":
          case "none":
            expected = one.type === "all" ? [...shown] : [];
            selection = select(selection, { type: one.type });
        }
        const seen = shown.filter((row) => isSelected(selection, row));
        assert.deepEqual(
          seen,
          shown.filter((row) => expected.includes(row)),
        );
        assert.equal(selectedCount(selection, shown.length), seen.length);
        assert.equal(selection.anchor, anchor);
      }
    }),
    { numRuns: 2_000 },
  );
});
