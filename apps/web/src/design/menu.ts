import { makeListeners } from "../browser/listeners.ts";
import type { Icon } from "./icon.ts";

export type MenuItem =
  | {
      readonly label: string;
      readonly Icon?: Icon;
      /** Displayed shortcut: "F2", "Ctrl+C". */
      readonly keys?: string;
      readonly danger?: boolean;
      readonly disabled?: boolean;
      /** If set, the item is one of exclusive choices, which lines delimit. */
      readonly checked?: boolean;
      readonly run: () => void;
    }
  | { readonly label: string; readonly Icon?: Icon; readonly items: readonly MenuItem[] }
  | "line";

export interface OpenMenu {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly at: Element | { readonly x: number; readonly y: number };
  readonly side?: "bottom" | "top" | "right";
  /** The first item gets the focus. */
  readonly byKey?: boolean;
  /** Gets the focus after closing. Default, also if it is gone: the previously focused element. */
  readonly opener?: () => HTMLElement | null;
  readonly onClose?: () => void;
  /** On a phone: closed without a choice. Called before `onClose`. */
  readonly onDismiss?: (() => void) | undefined;
}

let open: OpenMenu | undefined;
let lastOpener: HTMLElement | undefined;
const listeners = makeListeners();

export function openMenu(menu: OpenMenu): void {
  const before = open;
  open = menu;
  const focused = document.activeElement;
  lastOpener = menu.opener?.() ?? (focused instanceof HTMLElement ? focused : undefined);
  before?.onClose?.();
  notify();
}

export function closeMenu(): void {
  const before = open;
  open = undefined;
  before?.onClose?.();
  notify();
}

/** A dialog opened from a menu returns the focus to this element. */
export function lastMenuOpener(): HTMLElement | undefined {
  return lastOpener;
}

/** Keeps the code out of the first script. Call it when a menu is likely to open. */
export function loadMenus() {
  return import("./menu-layer.tsx");
}

export function currentMenu(): OpenMenu | undefined {
  return open;
}

export const watchMenu = listeners.add;

function notify(): void {
  listeners.call();
}
