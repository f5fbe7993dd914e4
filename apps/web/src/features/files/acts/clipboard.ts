import { useSyncExternalStore } from "react";
import { makeListeners } from "../../../browser/listeners.ts";
import type { Clipboard } from "./files-context.ts";

let kept: Clipboard | undefined;
const listeners = makeListeners();

/** Items cut or copied in this tab, kept across folders. */
export function useClipboard(): Clipboard | undefined {
  return useSyncExternalStore(listeners.add, clipboard);
}

export function clipboard(): Clipboard | undefined {
  return kept;
}

export function setClipboard(next: Clipboard | undefined): void {
  kept = next;
  listeners.call();
}
