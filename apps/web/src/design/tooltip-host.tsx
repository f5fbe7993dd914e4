import { Suspense, useEffect, useState } from "react";
import { flushSync } from "react-dom";
import { lazyPart } from "./lazy-part.ts";

export interface ShownTooltip {
  readonly text: string;
  readonly at: Element;
}

const TooltipLayer = lazyPart(async () => (await import("./tooltip-layer.tsx")).TooltipLayer);
const restMs = 500;

/**
 * Serves all elements with `data-tooltip`, so a row costs nothing extra. A tooltip only repeats the accessible name.
 */
export function TooltipHost() {
  const [shown, setShown] = useState<ShownTooltip>();
  useEffect(() => watchRests(setShown), []);
  if (shown === undefined) return null;
  return (
    <Suspense fallback={null}>
      <TooltipLayer {...shown} />
    </Suspense>
  );
}

function watchRests(show: (tooltip: ShownTooltip | undefined) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Keyboard-focused element, until its tooltip is hidden. */
  let focused: Element | undefined;
  let pointer: { readonly x: number; readonly y: number } | undefined;
  const hide = () => {
    focused = undefined;
    clearTimeout(timer);
    show(undefined);
  };
  const rest = (event: Event) => {
    const at = event.target instanceof Element ? event.target.closest("[data-tooltip]") : null;
    const text = at?.getAttribute("data-tooltip");
    // When a dialog opens, browsers send `pointerover` without a movement. The focused element's tooltip stays.
    if (event instanceof PointerEvent && isStill(event) && focused === document.activeElement) return;
    hide();
    if (at == null || text == null || text === "") return;
    // A long press opens a menu.
    if (event instanceof PointerEvent && event.pointerType === "touch") return;
    // On a phone it would cover the content of a sheet whose button gets the focus.
    if (event.type === "focusin" && (!at.matches(":focus-visible") || matchMedia("(hover: none)").matches)) return;
    if (event.type === "focusin") focused = at;
    timer = setTimeout(() => {
      if (at.isConnected && at.getAttribute("aria-expanded") !== "true") show({ text, at });
    }, restMs);
  };
  const isStill = ({ clientX, clientY }: PointerEvent) =>
    pointer === undefined || (pointer.x === clientX && pointer.y === clientY);
  const stop = new AbortController();
  const options = { signal: stop.signal, passive: true };
  document.addEventListener("pointerover", rest, options);
  document.addEventListener("pointermove", ({ clientX: x, clientY: y }) => void (pointer = { x, y }), options);
  document.addEventListener("focusin", rest, options);
  document.addEventListener("pointerdown", hide, options);
  // Captured first, so that Escape also closes the dialog below.
  addEventListener("keydown", () => flushSync(hide), { ...options, capture: true });
  document.addEventListener("scroll", hide, { ...options, capture: true });
  document.addEventListener("focusout", hide, options);
  document.documentElement.addEventListener("pointerleave", hide, options);
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}
