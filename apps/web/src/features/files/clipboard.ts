import { useSyncExternalStore } from "react";
import type { Clipboard } from "./files-context.ts";

let kept: Clipboard | undefined;
const listeners = new Set<() => void>();

/** What was cut or copied in this tab; it outlives going to another folder, which is what it is for. */
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
