import assert from "node:assert/strict";
import { test } from "node:test";
import { type DragEffect, type DragInput, type DropTarget, notDragging, stepDrag } from "./drag.ts";
import { edgeSpeed } from "./points.ts";

const folder = (id: string, ...lineage: string[]): DropTarget => ({
  id,
  name: id,
  lineage: [id, ...lineage],
  springs: true,
});

const at = (x: number, y = 0) => ({ x, y });
const down = (pointer: "mouse" | "touch"): DragInput => ({ type: "down", at: at(0), pointer, nowMs: 0 });
const move = (x: number, over: DropTarget | null = null, nowMs = 10, copy = false): DragInput => ({
  type: "move",
  at: at(x),
  over,
  copy,
  nowMs,
});

function run(inputs: readonly DragInput[], ids = ["a"], from = "here"): DragEffect[] {
  let state = notDragging;
  const effects: DragEffect[] = [];
  for (const input of inputs) {
    const step = stepDrag(state, input, { ids: new Set(ids), from });
    state = step.drag;
    effects.push(...step.effects);
  }
  return effects;
}

const types = (effects: readonly DragEffect[]) => effects.map(({ type }) => type);

test("a mouse lifts after 6 px and drops on the folder under it", () => {
  const target = folder("there");
  assert.deepEqual(types(run([down("mouse"), move(5), { type: "up" }])), []);
  const effects = run([down("mouse"), move(6), move(20, target), { type: "up" }]);
  assert.deepEqual(effects, [{ type: "lift" }, { type: "drop", target, copy: false }, { type: "end" }]);
});

test("a moving finger scrolls; a held finger selects, and then drags", () => {
  assert.deepEqual(types(run([down("touch"), move(30, null, 100), { type: "tick", nowMs: 600 }, { type: "up" }])), []);
  const hold: DragInput[] = [down("touch"), { type: "tick", nowMs: 500 }];
  assert.deepEqual(types(run([...hold, { type: "up" }])), ["hold", "end"]);
  const effects = run([...hold, move(8, null, 510), move(90, folder("there"), 600), { type: "up" }]);
  assert.deepEqual(types(effects), ["hold", "lift", "drop", "end"]);
});

test("dragged folders, folders below them and, except for copies, their current folder are no targets", () => {
  const dropOn = (target: DropTarget, copy = false) =>
    types(run([down("mouse"), move(10), move(20, target, 20, copy), { type: "up" }], ["a", "b"])).includes("drop");
  assert.equal(dropOn(folder("b")), false);
  assert.equal(dropOn(folder("deep", "b", "here")), false);
  assert.equal(dropOn(folder("here")), false);
  assert.equal(dropOn(folder("here"), true), true);
  assert.equal(dropOn(folder("deep", "c", "here")), true);
});

test("a folder springs open once after 700 ms, and again only after another target", () => {
  const target = folder("there");
  const lift = [down("mouse"), move(10)];
  const tick = (nowMs: number): DragInput => ({ type: "tick", nowMs });
  assert.deepEqual(types(run([...lift, move(20, target, 100), tick(799)])), ["lift"]);
  assert.deepEqual(types(run([...lift, move(20, target, 100), tick(800), tick(2_000)])), ["lift", "spring"]);
  assert.deepEqual(
    types(run([...lift, move(20, target, 100), move(21, null, 500), move(22, target, 600), tick(900)])),
    ["lift"],
  );
});

test("Escape cancels a drag, and Ctrl switches to a copy until the drop", () => {
  const target = folder("there");
  assert.deepEqual(types(run([down("mouse"), move(10), move(20, target), { type: "cancel" }])), ["lift", "end"]);
  const effects = run([down("mouse"), move(10), move(20, target), { type: "copy", copy: true }, { type: "up" }]);
  assert.deepEqual(effects[1], { type: "drop", target, copy: true });
});

test("edges scroll, faster with less distance", () => {
  assert.equal(edgeSpeed(300, 0, 600), 0);
  assert.equal(edgeSpeed(576, 0, 600), 600);
  assert.equal(edgeSpeed(-40, 0, 600), -1_200);
});
