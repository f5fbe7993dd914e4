import type { Coloured } from "./colours.ts";

export function paintLine(pieces: readonly Coloured[]): (string | HTMLElement)[] {
  return pieces.map(({ text, look }) => {
    if (look === undefined) return text;
    const span = document.createElement("span");
    span.className = `is-${look}`;
    span.textContent = text;
    return span;
  });
}
