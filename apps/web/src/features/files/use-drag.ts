import { type RefObject, useCallback, useEffect, useRef } from "react";
import { DragGesture, type DragList, type GestureHost, standList } from "./drag-gesture.ts";

export interface DragHost extends GestureHost {
  readonly scroller: RefObject<HTMLElement | null>;
  /** What would move, once the row under the pointer has been taken: it is selected first where it was not. */
  readonly lift: GestureHost["lift"];
  readonly scrollBy: (px: number) => void;
}

/**
 * Moves rows by mouse, pen and touch, by pointer events alone: HTML's own dragging is for what comes from outside, and knows no touch.
 * What is dragged outlives the list from which it was taken, because a folder may spring open meanwhile.
 */
export function useDrag(host: DragHost): {
  readonly begin: (event: PointerEvent, rowId: string) => void;
  /** Whether the click that follows is the end of a drag or a hold. */
  readonly wasDragged: () => boolean;
} {
  const latest = useRef(host);
  latest.current = host;
  const gesture = useRef<DragGesture | null>(null);
  useEffect(() => {
    const list: DragList = {
      scroller: () => latest.current.scroller.current,
      scrollBy: (px) => latest.current.scrollBy(px),
    };
    const leave = standList(list);
    return () => {
      leave();
      if (gesture.current?.isDragging === false) gesture.current.cancel();
    };
  }, []);
  useEffect(() => {
    const scroller = latest.current.scroller.current;
    // While something is held the page must not scroll under the finger; before, it must. A listener that comes with the press comes too
    // late: whether one may say no the browser decides when the finger touches.
    const keepStill = (touch: TouchEvent) => gesture.current?.isHolding === true && touch.preventDefault();
    scroller?.addEventListener("touchmove", keepStill, { passive: false });
    return () => scroller?.removeEventListener("touchmove", keepStill);
  }, []);

  const begin = useCallback((event: PointerEvent, rowId: string) => {
    gesture.current?.cancel();
    gesture.current = new DragGesture(rowId, () => latest.current);
    gesture.current.start(event);
  }, []);
  const wasDragged = useCallback(() => gesture.current?.hasActed === true, []);
  return { begin, wasDragged };
}
