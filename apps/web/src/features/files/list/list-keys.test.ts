import assert from "node:assert/strict";
import { test } from "node:test";
import { press } from "../../../commands/testing.ts";
import { listKey, moved, TypeAhead } from "./list-keys.ts";

const pc = (keys: string) => listKey(press(keys), "pc", false);
const mac = (keys: string) => listKey(press(keys), "mac", false);

test("arrows select, extend with Shift, and only move the focus with Ctrl or ⌥", () => {
  assert.deepEqual(pc("ArrowDown"), { type: "move", to: "down", how: "select" });
  assert.deepEqual(pc("Shift+End"), { type: "move", to: "end", how: "extend" });
  assert.deepEqual(pc("Ctrl+ArrowUp"), { type: "move", to: "up", how: "focus" });
  assert.deepEqual(pc("Ctrl+Shift+PageDown"), { type: "move", to: "pageDown", how: "add" });
  assert.deepEqual(mac("Alt+ArrowUp"), { type: "move", to: "up", how: "focus" });
  assert.equal(pc("Alt+ArrowUp"), undefined, "Alt+Up is for the parent");
  assert.equal(mac("Meta+ArrowUp"), undefined, "⌘Up is for the parent");
});

test("arrows are mirrored in right-to-left layout", () => {
  assert.deepEqual(listKey(press("ArrowLeft"), "pc", true), { type: "move", to: "right", how: "select" });
});

test("letters are typed ahead, and composed or AltGr input is ignored", () => {
  assert.deepEqual(pc("ä"), { type: "letter", letter: "ä" });
  assert.deepEqual(pc("Shift+A"), { type: "letter", letter: "A" });
  assert.deepEqual(pc("Ctrl+a"), { type: "all" });
  assert.deepEqual(mac("Meta+a"), { type: "all" });
  for (const keys of ["Ctrl+d", "Ctrl+f", "Ctrl+k", "F6", "AltGraph+q", "Composing+a", "Meta+a", "/", "?"]) {
    assert.equal(pc(keys), undefined, keys);
  }
});

test("typing finds names by their start; repeating one letter moves to the next name", () => {
  const typed = new TypeAhead();
  assert.deepEqual(typed.type("b", 0), { start: "b", isNext: true });
  assert.deepEqual(typed.type("e", 300), { start: "be", isNext: false });
  assert.ok(typed.isTyping(1_200));
  assert.deepEqual(typed.type("b", 2_000), { start: "b", isNext: true });
  assert.deepEqual(typed.type("b", 2_200), { start: "b", isNext: true });
});

test("moving stops at the edges, and down from above a short last line moves to its end", () => {
  assert.equal(moved(0, "up", 10, 1, 5), undefined);
  assert.equal(moved(8, "pageDown", 10, 1, 5), 9);
  assert.equal(moved(-1, "down", 10, 1, 5), 0);
  assert.equal(moved(5, "down", 10, 4, 2), 9);
  assert.equal(moved(7, "down", 10, 4, 2), 9);
  assert.equal(moved(8, "down", 10, 4, 2), undefined);
  assert.equal(moved(4, "left", 10, 4, 2), 3);
  assert.equal(moved(3, "home", 0, 4, 2), undefined);
});
