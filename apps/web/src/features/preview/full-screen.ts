import { useSyncExternalStore } from "react";

export function useFullScreen(): boolean {
  return useSyncExternalStore(watchFullScreen, isFullScreen);
}

let beginning: Promise<unknown> = Promise.resolve();

/** The whole page, because menus and messages are outside of the preview. Browsers may refuse. */
export function beginFullScreen(): void {
  if (document.fullscreenEnabled) beginning = document.documentElement.requestFullscreen().catch(() => {});
}

/** Also ends a full screen that is about to begin. */
export function endFullScreen(): void {
  beginning.then(() => (isFullScreen() ? document.exitFullscreen() : undefined)).catch(() => {});
}

/** Phones without full screen have no element either. */
export function isFullScreen(): boolean {
  return document.fullscreenEnabled && document.fullscreenElement !== null;
}

export function watchFullScreen(listener: () => void): () => void {
  document.addEventListener("fullscreenchange", listener);
  return () => document.removeEventListener("fullscreenchange", listener);
}
