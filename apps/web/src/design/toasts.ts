import { makeListeners } from "../browser/listeners.ts";
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: "done" | "error";
  readonly act?: { readonly label: string; readonly run: () => void } | undefined;
}

let shown: readonly Toast[] = [];
let lastId = 0;
const listeners = makeListeners();
/** More toasts would cover the list. */
const shownMax = 3;

/** @returns hides the toast, for example after an undo by keyboard */
export function showToast(toast: Omit<Toast, "id" | "kind"> & { readonly kind?: Toast["kind"] }): () => void {
  const id = ++lastId;
  // The same message again replaces the earlier one.
  const others = shown.filter(({ text, act }) => text !== toast.text || act !== undefined);
  set([...others, { kind: "done" as const, ...toast, id }].slice(-shownMax));
  return () => hideToast(id);
}

export function hideToast(id: number): void {
  set(shown.filter((toast) => toast.id !== id));
}

export function hideToasts(): void {
  set([]);
}

export function currentToasts(): readonly Toast[] {
  return shown;
}

export const watchToasts = listeners.add;

function set(toasts: readonly Toast[]): void {
  shown = toasts;
  listeners.call();
}
