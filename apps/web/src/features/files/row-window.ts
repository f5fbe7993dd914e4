import type { Box } from "./points.ts";

/** How rows, or lines of tiles, stand in the view: all of one height, so that the scrollbar is exact and nothing is measured. */
export interface Layout {
  readonly total: number;
  /** 1 in the list. */
  readonly columns: number;
  readonly lineHeightPx: number;
}

/** Taller elements are cut by browsers (16.7 M px in Firefox); what is taller is scrolled by a mapped range. */
const tallestPx = 8_000_000;

/** Where the view stands. `scrollPx` is the element's scrollTop, `offsetPx` the top of the view among all lines. */
export interface ScrollPlace {
  readonly scrollPx: number;
  readonly offsetPx: number;
}

export function fullHeightPx({ total, columns, lineHeightPx }: Layout): number {
  return Math.ceil(total / columns) * lineHeightPx;
}

/** The height of the element that is scrolled. */
export function scrolledHeightPx(layout: Layout): number {
  return Math.min(tallestPx, fullHeightPx(layout));
}

/**
 * The place after the element was scrolled to `scrollPx`. Steps shorter than a view go as far among the rows as on the screen; longer ones
 * (the bar was dragged) go by proportion. `isMoved` says that the element's scrollTop has to be set to the answer's, because short
 * steps came to an end of the element that is not yet one of the rows, or the other way round.
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

/** The place at which the view's top is `offsetPx` among all lines. */
export function placeOf(layout: Layout, viewPx: number, offsetPx: number): ScrollPlace {
  const [full, scrolled] = [fullHeightPx(layout), scrolledHeightPx(layout)];
  const offset = Math.min(Math.max(0, full - viewPx), Math.max(0, offsetPx));
  if (full === scrolled) return { scrollPx: offset, offsetPx: offset };
  const scrollPx = Math.round((offset / (full - viewPx)) * (scrolled - viewPx));
  // Only the very ends are the element's ends: else there would be no way on.
  const isInside = offset > 0 && offset < full - viewPx;
  return { scrollPx: isInside ? Math.min(scrolled - viewPx - 1, Math.max(1, scrollPx)) : scrollPx, offsetPx: offset };
}

/** Which indices are mounted, `[from, to)`: the view with half a screen on both sides. */
export function mountedRange(layout: Layout, viewPx: number, offsetPx: number): { from: number; to: number } {
  const { total, columns, lineHeightPx } = layout;
  const first = Math.floor((offsetPx - viewPx / 2) / lineHeightPx) * columns;
  const last = Math.ceil((offsetPx + viewPx * 1.5) / lineHeightPx) * columns;
  return { from: Math.min(total, Math.max(0, first)), to: Math.max(0, Math.min(total, last)) };
}

/** Where a row's top is in the scrolled element. */
export function rowTopPx(layout: Layout, place: ScrollPlace, index: number): number {
  return Math.floor(index / layout.columns) * layout.lineHeightPx - place.offsetPx + place.scrollPx;
}

/** The offset at which the row is whole in view, as near as possible to where the view is. */
export function offsetShowing(layout: Layout, viewPx: number, offsetPx: number, index: number): number {
  const top = Math.floor(index / layout.columns) * layout.lineHeightPx;
  if (top < offsetPx) return top;
  return Math.max(offsetPx, top + layout.lineHeightPx - viewPx);
}

/**
 * The indices that a rectangle touches. `box` is in pixels among all lines; of tiles the columns are `widthPx` wide together and
 * counted from the side at which reading begins.
 */
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
