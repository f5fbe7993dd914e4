import { type RefObject, useCallback, useEffect, useRef } from "react";
import { DragGesture, type DragList, type GestureHost, standList } from "./drag-gesture.ts";

export interface DragHost extends GestureHost {
  readonly scroller: RefObject<HTMLElement | null>;
  /** Selects the row under the pointer first if needed. */
  readonly lift: GestureHost["lift"];
  readonly scrollBy: (px: number) => void;
}

/**
 * Uses pointer events, because HTML drag and drop lacks touch. The drag survives its list, for example when a folder
 * springs open.
 */
export function useDrag(host: DragHost): {
  readonly begin: (event: PointerEvent, rowId: string) => void;
  /** The following click ends a drag or a long press. */
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
    // Prevents scrolling during a drag. Registered early, because browsers decide at touch start if a listener can.
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
