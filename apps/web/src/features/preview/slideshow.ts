import { useSyncExternalStore } from "react";
import { makeListeners } from "../../browser/listeners.ts";
import { beginFullScreen, endFullScreen, isFullScreen, watchFullScreen } from "./full-screen.ts";

type Slideshow = "off" | "running" | "paused";

let current: Slideshow = "off";
const listeners = makeListeners();
let stopWatching: (() => void) | undefined;

/** Call it before or while a picture is shown, from a click or key, which full screen requires. */
export function beginSlideshow(): void {
  set("running");
  beginFullScreen();
  stopWatching ??= watchForEnd();
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

export function useSlideshowState(): Slideshow {
  return useSyncExternalStore(listeners.add, () => current);
}

/** Browsers leave full screen by Escape without reporting the key to the page. Before full screen, the page gets it. */
function watchForEnd(): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  let wasFull = isFullScreen();
  const stop = watchFullScreen(() => {
    const isLeft = wasFull && !isFullScreen() && !document.hidden;
    wasFull = isFullScreen();
    if (isLeft) endSlideshow();
  });
  // A tab that gets hidden may lose full screen, which some browsers report only after it is shown again.
  const onVisibility = () => void (wasFull = isFullScreen());
  document.addEventListener("visibilitychange", onVisibility, { signal });
  // The preview handles the key itself, but it may not have loaded.
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented) endSlideshow();
  };
  addEventListener("keydown", onKey, { signal });
  return () => {
    ending.abort();
    stop();
  };
}

function set(next: Slideshow): void {
  current = next;
  listeners.call();
}
