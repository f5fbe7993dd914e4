import type { KeyPress } from "./chord.ts";

/** Makes a key press from text such as `Ctrl+Shift+z`. Modifiers: Ctrl, Meta, Alt, AltGraph, Shift. */
export function press(text: string): KeyPress {
  const parts = text.split("+");
  const has = (name: string) => parts.includes(name);
  return {
    key: parts.at(-1) ?? "",
    ctrlKey: has("Ctrl"),
    metaKey: has("Meta"),
    altKey: has("Alt"),
    shiftKey: has("Shift"),
    isComposing: has("Composing"),
    getModifierState: has,
  };
}
