import { beginFullScreen, endFullScreen, isFullScreen, watchFullScreen } from "./full-screen.ts";

type Slideshow = "off" | "running" | "paused";

let current: Slideshow = "off";
const listeners = new Set<() => void>();
let stopWatching: (() => void) | undefined;

/** Call it before or while a picture is shown, from a click or key, which full screen requires. */
export function beginSlideshow(): void {
  set("running");
  beginFullScreen();
  // Browsers leave full screen by Escape without telling the page of the key.
  stopWatching ??= watchFullScreen(() => isFullScreen() || endSlideshow());
}

export function pauseSlideshow(isPaused: boolean): void {
  if (current !== "off") set(isPaused ? "paused" : "running");
}

export function endSlideshow(): void {
  if (current === "off") return;
  stopWatching?.();
  stopWatching = undefined;
  set("off");
  endFullScreen();
}

export function currentSlideshow(): Slideshow {
  return current;
}

export function watchSlideshow(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: Slideshow): void {
  current = next;
  for (const listener of listeners) listener();
}
