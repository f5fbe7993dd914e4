export type Platform = "pc" | "mac";

/** `Mod` is Ctrl, on a Mac ⌘. The last part is a key as `KeyboardEvent.key` says it; letters in capitals. */
export type Chord = `${"" | "Mod+"}${"" | "Alt+"}${"" | "Shift+"}${string}`;

/** What of a `KeyboardEvent` decides. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
  readonly getModifierState: (key: string) => boolean;
}

/** A letter typed through AltGr or an input method is a letter, never a command. */
export function isTyping(press: KeyPress): boolean {
  return press.isComposing || press.getModifierState("AltGraph") || (press.ctrlKey && press.altKey);
}

export function isPressed(chord: Chord, press: KeyPress, platform: Platform): boolean {
  const parts = partsOf(chord);
  const key = parts.at(-1) ?? "";
  const [command, other] = platform === "mac" ? [press.metaKey, press.ctrlKey] : [press.ctrlKey, press.metaKey];
  // What Shift is needed to type at all (`?` here, `/` on a German keyboard) says nothing about Shift.
  const isSign = /^[^\p{L}\p{N}\s]$/u.test(key);
  return (
    !isTyping(press) &&
    (press.key.length === 1 ? press.key.toUpperCase() : press.key) === key &&
    command === parts.includes("Mod") &&
    !other &&
    press.altKey === parts.includes("Alt") &&
    (isSign || press.shiftKey === parts.includes("Shift"))
  );
}

const signsOfMac: Readonly<Record<string, string>> = {
  Mod: "⌘",
  Alt: "⌥",
  Shift: "⇧",
  Enter: "↩",
  Backspace: "⌫",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Delete: "⌦",
  Escape: "esc",
};

/**
 * As a menu shows it: `⇧⌘Z` on a Mac, `Ctrl+Shift+Z` elsewhere, where `word` gives what keys are called (`Mod`, `Shift`, `Delete` …).
 */
export function chordText(chord: Chord, platform: Platform, word: (key: string) => string): string {
  const parts = partsOf(chord);
  if (platform === "pc") return parts.map((part) => (/^\S$/.test(part) ? part : word(part))).join("+");
  const signs = parts.map((part) => signsOfMac[part] ?? (/^\S$/.test(part) ? part : word(part)));
  return ["⌥", "⇧", "⌘"].filter((sign) => signs.includes(sign)).join("") + (signs.at(-1) ?? "");
}

export function platformOf(userAgent: string): Platform {
  return /Mac|iPhone|iPad/.test(userAgent) ? "mac" : "pc";
}

function partsOf(chord: Chord): string[] {
  return chord.endsWith("+") ? [...chord.slice(0, -2).split("+"), "+"] : chord.split("+");
}
