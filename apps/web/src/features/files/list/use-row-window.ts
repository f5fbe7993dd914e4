import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { type Layout, mountedRange, offsetShowing, placeOf, type ScrollPlace, scrolledTo } from "./row-window.ts";

export interface ViewSize {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly headPx: number;
  /** Height of the space below the last row. */
  readonly endPx: number;
}

/** Width of `content`, which follows the head, height of the scroller, and height of `end`, which follows `content`. */
export function useViewSize(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  end: RefObject<HTMLElement | null>,
): ViewSize {
  const [size, setSize] = useState<ViewSize>({ widthPx: 0, heightPx: 0, headPx: 0, endPx: 0 });
  useLayoutEffect(() => {
    const [outer, inner, last] = [scroller.current, content.current, end.current];
    if (outer === null || inner === null || last === null) return undefined;
    const measure = () => {
      const next = {
        widthPx: inner.clientWidth,
        heightPx: outer.clientHeight,
        headPx: inner.offsetTop,
        endPx: last.clientHeight,
      };
      setSize((old) => (JSON.stringify(old) === JSON.stringify(next) ? old : next));
    };
    measure();
    const observer = new ResizeObserver(measure);
    for (const each of [outer, inner, last]) observer.observe(each);
    return () => observer.disconnect();
  }, [scroller, content, end]);
  return size;
}

export interface RowWindow {
  readonly from: number;
  readonly to: number;
  readonly place: ScrollPlace;
  /** Current between renders too. */
  readonly offsetPx: () => number;
  readonly show: (index: number) => void;
  readonly scrollBy: (px: number) => void;
}

/**
 * Renders only when the range changes, or on each step of a mapped range.
 * @param viewPx height in which rows are shown @param coveredPx height below, where something may cover them
 */
export function useRowWindow(
  scroller: RefObject<HTMLElement | null>,
  layout: Layout,
  viewPx: number,
  coveredPx: number,
): RowWindow {
  const place = useRef<ScrollPlace>({ scrollPx: 0, offsetPx: 0 });
  const [shown, setShown] = useState<{ readonly from: number; readonly to: number; readonly place: ScrollPlace }>({
    from: 0,
    to: 0,
    place: place.current,
  });
  const now = useRef({ layout, viewPx, coveredPx });
  now.current = { layout, viewPx, coveredPx };

  const update = useCallback(() => {
    const { layout: current, viewPx: px, coveredPx: below } = now.current;
    const { from, to } = mountedRange(current, px + below, place.current.offsetPx);
    const { scrollPx, offsetPx } = place.current;
    setShown((old) => {
      const isMapped = scrollPx !== offsetPx || old.place.scrollPx !== old.place.offsetPx;
      return old.from === from && old.to === to && !isMapped ? old : { from, to, place: place.current };
    });
  }, []);

  const go = useCallback(
    (offsetPx: number) => {
      const { layout: current, viewPx: px } = now.current;
      place.current = placeOf(current, px, offsetPx);
      if (scroller.current !== null) scroller.current.scrollTop = place.current.scrollPx;
      update();
    },
    [scroller, update],
  );

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const scrolled = () => {
      const { layout: current, viewPx: px } = now.current;
      // Event of an own scroll, rounded by the browser.
      if (Math.abs(element.scrollTop - place.current.scrollPx) < 1) return;
      const { isMoved, ...next } = scrolledTo(current, px, place.current, element.scrollTop);
      place.current = next;
      if (isMoved) element.scrollTop = next.scrollPx;
      update();
    };
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => element.removeEventListener("scroll", scrolled);
  }, [scroller, update]);

  // Clamps the position.
  useLayoutEffect(() => go(place.current.offsetPx), [go, layout.total, layout.columns, layout.lineHeightPx, viewPx]);

  const show = useCallback(
    (index: number) => {
      const { layout: current, viewPx: px } = now.current;
      const offsetPx = offsetShowing(current, px, place.current.offsetPx, index);
      if (offsetPx !== place.current.offsetPx) go(offsetPx);
    },
    [go],
  );
  const scrollBy = useCallback((px: number) => go(place.current.offsetPx + px), [go]);
  const offsetPx = useCallback(() => place.current.offsetPx, []);
  return { ...shown, offsetPx, show, scrollBy };
}
