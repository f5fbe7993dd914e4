import { isTyping, type KeyPress, type Platform } from "../../../commands/chord.ts";

export type Direction = "up" | "down" | "left" | "right" | "pageUp" | "pageDown" | "home" | "end";

export type ListKey =
  | { readonly type: "move"; readonly to: Direction; readonly how: "select" | "focus" | "extend" | "add" }
  | { readonly type: "toggle" | "all" | "escape" }
  | { readonly type: "letter"; readonly letter: string };

const directions: Readonly<Record<string, Direction>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
  PageUp: "pageUp",
  PageDown: "pageDown",
  Home: "home",
  End: "end",
};

/** @param isMirrored right-to-left: Left moves forward */
export function listKey(press: KeyPress, platform: Platform, isMirrored: boolean): ListKey | undefined {
  if (isTyping(press)) return undefined;
  const [command, free] = platform === "mac" ? [press.metaKey, press.altKey] : [press.ctrlKey, press.ctrlKey];
  const direction = directions[press.key];
  if (direction !== undefined) {
    // ⌘ and Alt with an arrow go to the parent folder or back.
    if (platform === "mac" ? press.metaKey || press.ctrlKey : press.altKey || press.metaKey) return undefined;
    return { type: "move", to: isMirrored ? mirrored(direction) : direction, how: howOf(free, press.shiftKey) };
  }
  if (press.key === "Escape") return { type: "escape" };
  if (press.key === " " && !press.altKey && !press.metaKey) return { type: "toggle" };
  if (command && !press.shiftKey && press.key.toLowerCase() === "a") return { type: "all" };
  const isPlain = !press.ctrlKey && !press.metaKey && !press.altKey;
  return isPlain && /^[\p{L}\p{N}\p{M}]+$/u.test(press.key) && Array.from(press.key).length === 1
    ? { type: "letter", letter: press.key }
    : undefined;
}

function howOf(free: boolean, shift: boolean): "select" | "focus" | "extend" | "add" {
  if (shift) return free ? "add" : "extend";
  return free ? "focus" : "select";
}

function mirrored(direction: Direction): Direction {
  if (direction === "left") return "right";
  return direction === "right" ? "left" : direction;
}

/** Letters within a second form a prefix. Repeating a letter steps through its names. */
export class TypeAhead {
  #typed = "";
  #atMs = Number.NEGATIVE_INFINITY;

  /** @returns `isNext`: search after the focused row */
  type(letter: string, nowMs: number): { readonly start: string; readonly isNext: boolean } {
    this.#typed = nowMs - this.#atMs > 1_000 ? letter : this.#typed + letter;
    this.#atMs = nowMs;
    const isRepeated = Array.from(this.#typed).every((one) => one === letter);
    return isRepeated ? { start: letter, isNext: true } : { start: this.#typed, isNext: false };
  }

  /** A space then belongs to the name instead of toggling. */
  isTyping(nowMs: number): boolean {
    return nowMs - this.#atMs <= 1_000;
  }
}

/** @param page lines per page @returns undefined at the edge */
export function moved(from: number, to: Direction, total: number, columns: number, page: number): number | undefined {
  if (total === 0) return undefined;
  const step = { up: -columns, down: columns, left: -1, right: 1, pageUp: -page * columns, pageDown: page * columns };
  if (to === "home") return 0;
  if (to === "end") return total - 1;
  if (from < 0) return 0;
  const next = from + step[to];
  if (to === "pageUp" || to === "pageDown") return Math.min(total - 1, Math.max(0, next));
  // Down from the last full line goes to the end of a shorter one.
  if (to === "down" && next >= total) {
    const isLastLine = Math.floor(from / columns) === Math.floor((total - 1) / columns);
    return isLastLine ? undefined : total - 1;
  }
  return next < 0 || next >= total ? undefined : next;
}
