import { lazy, Suspense, useEffect, useState } from "react";
import { flushSync } from "react-dom";

export interface ShownTooltip {
  readonly text: string;
  readonly at: Element;
}

const TooltipLayer = lazy(async () => ({ default: (await import("./tooltip-layer.tsx")).TooltipLayer }));
const restMs = 500;

/**
 * Shows tooltips for all elements with `data-tooltip`. Rendered once, so that a list row costs nothing extra. Tooltips
 * repeat the element's accessible name and must not contain anything else.
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
  /** Element with the keyboard focus, until its tooltip is hidden. */
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
    // When a dialog opens, browsers send `pointerover` for a pointer that has not moved. The tooltip of the focused
    // element stays.
    if (event instanceof PointerEvent && isStill(event) && focused === document.activeElement) return;
    hide();
    if (at == null || text == null || text === "") return;
    // Touch has no hover, and a long press opens a menu.
    if (event instanceof PointerEvent && event.pointerType === "touch") return;
    if (event.type === "focusin" && !at.matches(":focus-visible")) return;
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
  // Captured before layers handle Escape, so that Escape also closes the dialog below and not only the tooltip.
  addEventListener("keydown", () => flushSync(hide), { ...options, capture: true });
  document.addEventListener("scroll", hide, { ...options, capture: true });
  document.addEventListener("focusout", hide, options);
  document.documentElement.addEventListener("pointerleave", hide, options);
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}
