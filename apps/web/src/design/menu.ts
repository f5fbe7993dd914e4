import type { Icon } from "./icon.ts";

/** What a menu offers. */
export type MenuItem =
  | {
      readonly label: string;
      readonly Icon?: Icon;
      /** Of the keyboard, as they are shown: "F2", "Ctrl+C". */
      readonly keys?: string;
      readonly danger?: boolean;
      readonly disabled?: boolean;
      /** There: it can be on or off. */
      readonly checked?: boolean;
      readonly run: () => void;
    }
  | { readonly label: string; readonly Icon?: Icon; readonly items: readonly MenuItem[] }
  | "line";

export interface OpenMenu {
  readonly label: string;
  readonly items: readonly MenuItem[];
  /** Beside an element, or at a point of the screen. */
  readonly at: Element | { readonly x: number; readonly y: number };
  readonly side?: "bottom" | "top" | "right";
  /** By a key: the first item gets the focus. */
  readonly byKey?: boolean;
  /** Where the focus goes once it is closed; where it was, if nothing is given or it is gone. */
  readonly opener?: () => HTMLElement | null;
  readonly onClose?: () => void;
}

let open: OpenMenu | undefined;
let lastOpener: HTMLElement | undefined;
const listeners = new Set<() => void>();

/** Opens a menu, of a button or of a place; another one that is open closes. */
export function openMenu(menu: OpenMenu): void {
  const before = open;
  open = menu;
  const focused = document.activeElement;
  lastOpener = menu.opener?.() ?? (focused instanceof HTMLElement ? focused : undefined);
  before?.onClose?.();
  tell();
}

export function closeMenu(): void {
  const before = open;
  open = undefined;
  before?.onClose?.();
  tell();
}

/** What had the focus before the last menu: what the menu opened gives it back there, as the menu is gone by then. */
export function lastMenuOpener(): HTMLElement | undefined {
  return lastOpener;
}

/** What is drawn of it is no part of the first script: called when somebody is about to open one. */
export function loadMenus() {
  return import("./menu-layer.tsx");
}

export function currentMenu(): OpenMenu | undefined {
  return open;
}

export function watchMenu(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
