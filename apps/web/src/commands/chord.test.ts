import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chord, chordText, isPressed } from "./chord.ts";
import { press } from "./testing.ts";

test("Mod is Ctrl on a PC and ⌘ on a Mac, and no other modifier may be pressed", () => {
  const pressed = (chord: Chord, keys: string, platform: "pc" | "mac") => isPressed(chord, press(keys), platform);
  assert.ok(pressed("Mod+C", "Ctrl+c", "pc"));
  assert.ok(pressed("Mod+C", "Meta+c", "mac"));
  assert.ok(pressed("Mod+Shift+Z", "Ctrl+Shift+Z", "pc"));
  for (const keys of [
    "Meta+c",
    "Ctrl+Shift+C",
    "Ctrl+Alt+c",
    "Ctrl+AltGraph+c",
    "Composing+Ctrl+c",
    "c",
    "Ctrl+Meta+c",
  ]) {
    assert.ok(!pressed("Mod+C", keys, "pc"), keys);
  }
  assert.ok(!pressed("Mod+C", "Ctrl+c", "mac"), "Ctrl+C on a Mac is not ⌘C");
});

test("a punctuation key matches with or without the Shift that types it", () => {
  assert.ok(isPressed("?", press("Shift+?"), "pc"));
  assert.ok(isPressed("/", press("Shift+/"), "pc"), "on a German keyboard Shift+7");
  assert.ok(isPressed("/", press("/"), "pc"));
});

test("a menu shows key combinations in the platform's notation", () => {
  const word = (key: string) => ({ Mod: "Strg", Shift: "Umschalt", Delete: "Entf" })[key] ?? key;
  assert.equal(chordText("Mod+Shift+Z", "pc", word), "Strg+Umschalt+Z");
  assert.equal(chordText("Mod+Shift+Z", "mac", word), "⇧⌘Z");
  assert.equal(chordText("Delete", "pc", word), "Entf");
  assert.equal(chordText("Mod+Backspace", "mac", word), "⌘⌫");
});
