import type { Box } from "./points.ts";

/** Lines have equal heights, so that scrolling is exact without measurements. */
export interface Layout {
  readonly total: number;
  /** 1 in the list. */
  readonly columns: number;
  readonly lineHeightPx: number;
}

/** Browsers limit the height of elements (16.7 M px in Firefox). Beyond, the scroll range is mapped. */
const tallestPx = 8_000_000;

/** `scrollPx`: the element's scrollTop. `offsetPx`: top of the view among all lines. */
export interface ScrollPlace {
  readonly scrollPx: number;
  readonly offsetPx: number;
}

export function fullHeightPx({ total, columns, lineHeightPx }: Layout): number {
  return Math.ceil(total / columns) * lineHeightPx;
}

export function scrolledHeightPx(layout: Layout): number {
  return Math.min(tallestPx, fullHeightPx(layout));
}

/**
 * Steps shorter than a view move the rows by the same distance; longer ones, by scrollbar, proportionally.
 * @returns `isMoved`: set scrollTop to `scrollPx`, because element and rows did not reach their ends together
 */
export function scrolledTo(
  layout: Layout,
  viewPx: number,
  before: ScrollPlace,
  scrollPx: number,
): ScrollPlace & { readonly isMoved: boolean } {
  const [full, scrolled] = [fullHeightPx(layout), scrolledHeightPx(layout)];
  if (full === scrolled) return { scrollPx, offsetPx: scrollPx, isMoved: false };
  const [lastOffset, lastScroll] = [full - viewPx, scrolled - viewPx];
  const step = scrollPx - before.scrollPx;
  if (Math.abs(step) > viewPx) {
    const offsetPx = Math.round((scrollPx / lastScroll) * lastOffset);
    return { scrollPx, offsetPx, isMoved: false };
  }
  const offsetPx = Math.min(lastOffset, Math.max(0, before.offsetPx + step));
  const isAtEnd = offsetPx === 0 || offsetPx === lastOffset;
  const isStuck = scrollPx <= 0 || scrollPx >= lastScroll;
  if (isAtEnd === isStuck) return { scrollPx, offsetPx, isMoved: false };
  return { ...placeOf(layout, viewPx, offsetPx), isMoved: true };
}

/** Position with the view's top at `offsetPx`. */
export function placeOf(layout: Layout, viewPx: number, offsetPx: number): ScrollPlace {
  const [full, scrolled] = [fullHeightPx(layout), scrolledHeightPx(layout)];
  const offset = Math.min(Math.max(0, full - viewPx), Math.max(0, offsetPx));
  if (full === scrolled) return { scrollPx: offset, offsetPx: offset };
  const scrollPx = Math.round((offset / (full - viewPx)) * (scrolled - viewPx));
  // Otherwise scrolling on would be impossible before the first and last line.
  const isInside = offset > 0 && offset < full - viewPx;
  return { scrollPx: isInside ? Math.min(scrolled - viewPx - 1, Math.max(1, scrollPx)) : scrollPx, offsetPx: offset };
}

/** Indices `[from, to)`: the view and half a view on both sides. */
export function mountedRange(layout: Layout, viewPx: number, offsetPx: number): { from: number; to: number } {
  const { total, columns, lineHeightPx } = layout;
  const first = Math.floor((offsetPx - viewPx / 2) / lineHeightPx) * columns;
  const last = Math.ceil((offsetPx + viewPx * 1.5) / lineHeightPx) * columns;
  return { from: Math.min(total, Math.max(0, first)), to: Math.max(0, Math.min(total, last)) };
}

/** Top of the row in the scrolled element. */
export function rowTopPx(layout: Layout, place: ScrollPlace, index: number): number {
  return Math.floor(index / layout.columns) * layout.lineHeightPx - place.offsetPx + place.scrollPx;
}

export function offsetShowing(layout: Layout, viewPx: number, offsetPx: number, index: number): number {
  const top = Math.floor(index / layout.columns) * layout.lineHeightPx;
  if (top < offsetPx) return top;
  return Math.max(offsetPx, top + layout.lineHeightPx - viewPx);
}

/** @param box in pixels among all lines, from the start of the reading direction @param widthPx all columns together */
export function indicesIn(layout: Layout, box: Box, widthPx: number): number[] {
  const { total, columns, lineHeightPx } = layout;
  const lines = [Math.floor(box.top / lineHeightPx), Math.ceil(box.bottom / lineHeightPx)] as const;
  const columnPx = widthPx / columns;
  const fromColumn = Math.max(0, Math.floor(box.left / columnPx));
  const toColumn = Math.min(columns, Math.ceil(box.right / columnPx));
  const found: number[] = [];
  for (let line = Math.max(0, lines[0]); line < Math.min(lines[1], Math.ceil(total / columns)); line++) {
    for (let column = fromColumn; column < toColumn; column++) {
      const index = line * columns + column;
      if (index < total) found.push(index);
    }
  }
  return found;
}
