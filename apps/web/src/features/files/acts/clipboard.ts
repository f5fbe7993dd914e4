import { useSyncExternalStore } from "react";
import type { Clipboard } from "./files-context.ts";

let kept: Clipboard | undefined;
const listeners = new Set<() => void>();

/** Items cut or copied in this tab, kept across folders. */
export function useClipboard(): Clipboard | undefined {
  return useSyncExternalStore(listen, clipboard);
}

export function clipboard(): Clipboard | undefined {
  return kept;
}

export function setClipboard(next: Clipboard | undefined): void {
  kept = next;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
