export type Platform = "pc" | "mac";

/** `Mod` is Ctrl, on a Mac ⌘. The last part is a `KeyboardEvent.key`, with letters in upper case. */
export type Chord = `${"" | "Mod+"}${"" | "Alt+"}${"" | "Shift+"}${string}`;

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
  readonly getModifierState: (key: string) => boolean;
}

/** A letter typed with AltGr or an input method is text, never a command. */
export function isTyping(press: KeyPress): boolean {
  return press.isComposing || press.getModifierState("AltGraph") || (press.ctrlKey && press.altKey);
}

export function isPressed(chord: Chord, press: KeyPress, platform: Platform): boolean {
  const parts = partsOf(chord);
  const key = parts.at(-1) ?? "";
  const [command, other] = platform === "mac" ? [press.metaKey, press.ctrlKey] : [press.ctrlKey, press.metaKey];
  // Typing a sign may require Shift (`?` here, `/` on a German keyboard).
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
 * Formats a chord: `⇧⌘Z` on a Mac, `Ctrl+Shift+Z` elsewhere.
 * @param word names a key (`Mod`, `Shift`, `Delete` …) in the user's language
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
