import { useSyncExternalStore } from "react";

export function useFullScreen(): boolean {
  return useSyncExternalStore(watchFullScreen, isFullScreen);
}

/** The whole page, because menus and messages are outside of the preview. Browsers may refuse. */
export function beginFullScreen(): void {
  if (document.fullscreenEnabled) document.documentElement.requestFullscreen().catch(() => {});
}

export function endFullScreen(): void {
  if (isFullScreen()) document.exitFullscreen().catch(() => {});
}

/** Phones without full screen have no element either. */
export function isFullScreen(): boolean {
  return document.fullscreenEnabled && document.fullscreenElement !== null;
}

export function watchFullScreen(listener: () => void): () => void {
  document.addEventListener("fullscreenchange", listener);
  return () => document.removeEventListener("fullscreenchange", listener);
}
