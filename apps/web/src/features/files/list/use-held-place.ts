import { useLayoutEffect, useRef } from "react";
import type { Layout } from "./row-window.ts";
import type { RowSource } from "../rows/row-source.ts";
import type { RowWindow } from "./use-row-window.ts";

/**
 * Keeps visible rows in place when rows above change, by scrolling in the same frame. The anchor is the focused row in
 * view, otherwise the first row in view. At the very top there is none, so that new rows are seen.
 */
export function useHeldPlace(
  source: RowSource,
  layout: Layout,
  rows: RowWindow,
  viewPx: number,
  focus: string | null,
): void {
  const anchor = useRef<{ readonly source: RowSource; readonly id: string; readonly topPx: number } | null>(null);
  const topOf = (index: number) => Math.floor(index / layout.columns) * layout.lineHeightPx;

  useLayoutEffect(() => {
    const held = anchor.current;
    if (held === null || held.source !== source) return;
    const index = source.indexOf(held.id);
    if (index >= 0 && topOf(index) !== held.topPx) rows.scrollBy(topOf(index) - held.topPx);
  });

  useLayoutEffect(() => {
    const offsetPx = rows.offsetPx();
    const focused = focus === null ? -1 : source.indexOf(focus);
    const isInView = (index: number) => topOf(index) >= offsetPx && topOf(index) < offsetPx + viewPx;
    const first = offsetPx === 0 ? -1 : Math.ceil(offsetPx / layout.lineHeightPx) * layout.columns;
    const index = focused >= 0 && isInView(focused) ? focused : first;
    const id = source.idAt(index);
    anchor.current = id === undefined ? null : { source, id, topPx: topOf(index) };
  });
}
