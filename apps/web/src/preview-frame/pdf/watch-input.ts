import type { PDFViewer } from "pdfjs-dist/legacy/web/pdf_viewer.mjs";
import type { FrameAnswer } from "../frame-messages.ts";
import { type ShownPdf, zoom } from "./make-viewer.ts";

/** Pages are drawn again after the zoom has rested. */
const drawAfterMs = 400;

/** Scrolling by keys and the selection of text are the browser's. */
export function watchInput({ place, viewer }: ShownPdf, answer: (given: FrameAnswer) => void): void {
  addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === "f") {
      event.preventDefault();
      answer({ state: "find" });
    }
    if (ctrlKey || metaKey || altKey) return;
    if (key === "+" || key === "=") zoom(viewer, "in");
    if (key === "-") zoom(viewer, "out");
    if (key === "0") zoom(viewer, "width");
  });
  // Keys scroll only what has the focus.
  addEventListener("focus", () => {
    if (document.activeElement === document.body) place.focus({ preventScroll: true });
  });
  const zoomBy = makeZoomBy(viewer);
  watchWheel(place, zoomBy);
  watchPinch(place, zoomBy);
}

/** `x` and `y` stay where they are. */
type ZoomBy = (factor: number, x: number, y: number) => void;

function makeZoomBy(viewer: PDFViewer): ZoomBy {
  // The library rounds to whole percents. Small steps add up here.
  let rest = 1;
  return (factor, x, y) => {
    rest *= factor;
    const before = viewer.currentScale;
    viewer.updateScale({ scaleFactor: rest, origin: [x, y], drawingDelay: drawAfterMs });
    if (viewer.currentScale !== before || Math.abs(rest - 1) > 0.1) rest = 1;
  };
}

/** Browsers report a pinch on a touchpad as a wheel with Ctrl. */
function watchWheel(place: HTMLElement, zoomBy: ZoomBy): void {
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
  };
  place.addEventListener("wheel", onWheel, { passive: false });
}

function watchPinch(place: HTMLElement, zoomBy: ZoomBy): void {
  let gap = 0;
  const onMove = (event: TouchEvent) => {
    const [first, second] = event.touches;
    if (first === undefined || second === undefined) return;
    if (event.cancelable) event.preventDefault();
    const wide = Math.hypot(first.clientX - second.clientX, first.clientY - second.clientY);
    if (gap > 0) zoomBy(wide / gap, (first.clientX + second.clientX) / 2, (first.clientY + second.clientY) / 2);
    gap = wide;
  };
  const end = () => void (gap = 0);
  place.addEventListener("touchmove", onMove, { passive: false });
  place.addEventListener("touchend", end);
  place.addEventListener("touchcancel", end);
}
