import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
} from "react";
import type { View } from "../../../browser/preferences.ts";
import type { Column } from "./columns.ts";
import type { DropTarget } from "./drag.ts";
import { ListRow } from "./list-row.tsx";
import type { Box, Point } from "./points.ts";
import { indicesIn, type Layout, rowTopPx, scrolledHeightPx } from "./row-window.ts";
import type { ListedRow, RowSource } from "../rows/row-source.ts";
import { rowsOf } from "../rows/selected-rows.ts";
import { hasAny, isSelected, type Selection, type SelectionAct } from "../rows/selection.ts";
import { Tile } from "./tile.tsx";
import { useTakeFocus } from "./take-focus.ts";
import { useBand } from "./use-band.ts";
import { useDrag } from "./use-drag.ts";
import { useHeldPlace } from "./use-held-place.ts";
import { useLayout } from "./use-layout.ts";
import { usePrefetch } from "./use-prefetch.ts";
import { useListClicks } from "./use-list-clicks.ts";
import { useListKeys } from "./use-list-keys.ts";
import { type RowWindow, useRowWindow, useViewSize } from "./use-row-window.ts";

export interface FileListProps {
  readonly label: string;
  readonly source: RowSource;
  readonly view: View;
  readonly columns: readonly Column[];
  readonly head: ReactNode;
  /** Below the last row. */
  readonly foot: ReactNode;
  readonly selection: Selection;
  readonly act: (act: SelectionAct) => void;
  readonly renamingId: string | null;
  readonly cutIds: ReadonlySet<string>;
  /** @returns false if the key belongs to no command */
  readonly onKey: (event: KeyboardEvent) => boolean;
  readonly onOpen: (id: string) => void;
  readonly onMenu: (at: Point, byKey: boolean) => void;
  /** Holds the order while the person works in the list. */
  readonly onTouch: () => void;
  /** Absent if nothing can be moved out of this list. */
  readonly moving?: Moving | undefined;
  readonly handle: RefObject<FileListHandle | null>;
}

export interface Moving {
  readonly from: string;
  /** Makes the empty area a drop target. Empty if the folder accepts nothing. */
  readonly ground: Readonly<Record<string, string>>;
  readonly drop: (target: DropTarget, copy: boolean, rows: readonly ListedRow[]) => void;
  readonly spring: (target: DropTarget) => void;
}

export interface FileListHandle {
  readonly focus: (id: string) => void;
}

/** Height of the space below the last row, without the uploads. */
const endPx = 64;

/** Renders only rows near the view. */
export function FileList(props: FileListProps) {
  const { source, view, selection, columns } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const size = useViewSize(scroller, grid, end);
  const layout = useLayout(view, source.total, size.widthPx);
  const coveredPx = Math.max(0, size.endPx - endPx);
  const viewPx = Math.max(0, size.heightPx - size.headPx - coveredPx);
  const rows = useRowWindow(scroller, layout, viewPx, coveredPx);
  useHeldPlace(source, layout, rows, viewPx, selection.focus);
  useEffect(() => source.need(rows.from, rows.to), [source, rows.from, rows.to]);

  const focusRow = useFocusRow(grid, source, rows, props.handle);
  useKeptFocus(grid, selection.focus, focusRow);
  const host = { ...props, focusRow, show: rows.show };
  const { clicks, band } = useListPointer(host, { scroller, grid, layout, widthPx: size.widthPx, rows });
  const prefetch = usePrefetch(source);
  const keys = useListKeys(host, layout, Math.max(1, Math.floor(viewPx / layout.lineHeightPx) - 1));

  const stop = stopOf(source, selection, rows, layout);
  const Line = view === "list" ? ListRow : Tile;
  return (
    <div
      ref={scroller}
      data-scroller
      {...props.moving?.ground}
      className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto overscroll-contain px-2 data-over:outline-2 data-over:-outline-offset-2 data-over:outline-accent lg:px-4"
      onPointerMove={props.onTouch}
      {...prefetch}
      {...clicks}
    >
      {props.head}
      <div
        ref={grid}
        role="grid"
        aria-label={props.label}
        aria-multiselectable
        aria-rowcount={source.total}
        onKeyDown={keys}
        style={gridStyle(layout)}
        className="relative"
      >
        {mountedIndices(rows, stop, source.total).map((index) => {
          const row = source.rowAt(index);
          return (
            <Line
              key={row?.id ?? index}
              index={index}
              row={row}
              columns={columns}
              topPx={rowTopPx(layout, rows.place, index)}
              startPx={((index % layout.columns) * size.widthPx) / layout.columns}
              widthPx={size.widthPx / layout.columns}
              heightPx={layout.lineHeightPx}
              isSelected={row !== undefined && isSelected(selection, row.id)}
              isStop={index === stop}
              isCut={row !== undefined && props.cutIds.has(row.id)}
              isRenaming={row !== undefined && row.id === props.renamingId}
              hasChecks={hasAny(selection)}
            />
          );
        })}
        {band === null ? null : <Band box={band} shiftPx={rows.place.scrollPx - rows.place.offsetPx} />}
      </div>
      <div ref={end} className="h-16 sm:h-[calc(5.5rem+var(--tray-height,-1.5rem))]">
        {props.foot}
      </div>
    </div>
  );
}

/** React's types know no custom properties. */
function gridStyle(layout: Layout): CSSProperties {
  return { height: scrolledHeightPx(layout), "--row-height": `${layout.lineHeightPx}px` } as CSSProperties;
}

/** Row in the tab order: the last focused, otherwise the first in view. */
function stopOf(source: RowSource, { focus }: Selection, rows: RowWindow, layout: Layout): number {
  const focused = focus === null ? -1 : source.indexOf(focus);
  return focused >= 0 ? focused : Math.ceil(rows.offsetPx() / layout.lineHeightPx) * layout.columns;
}

/** Includes the focused row, so that scrolling does not lose the focus. */
function mountedIndices({ from, to }: RowWindow, stop: number, total: number): number[] {
  const indices = Array.from({ length: Math.max(0, to - from) }, (_, place) => from + place);
  if (stop < from && stop >= 0) indices.unshift(stop);
  if (stop >= to && stop < total) indices.push(stop);
  return indices;
}

/** A row that is not rendered yet gets the focus when it is. */
function useFocusRow(
  grid: RefObject<HTMLElement | null>,
  source: RowSource,
  rows: RowWindow,
  handle: RefObject<FileListHandle | null>,
): (id: string) => void {
  const wanted = useRef<string | null>(null);
  const { show } = rows;
  const settle = useCallback(() => {
    if (wanted.current === null) return;
    const row = grid.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(wanted.current)}"]`);
    if (row == null) return;
    wanted.current = null;
    row.focus({ preventScroll: true });
  }, [grid]);
  useEffect(settle);
  const focus = useCallback(
    (id: string) => {
      wanted.current = id;
      const index = source.indexOf(id);
      if (index >= 0) show(index);
      settle();
    },
    [source, show, settle],
  );
  useEffect(() => {
    handle.current = { focus };
    return () => void (handle.current = null);
  }, [handle, focus]);
  return focus;
}

/** Keeps the focus in the list when the list appears or the focused row is removed. */
function useKeptFocus(grid: RefObject<HTMLElement | null>, focus: string | null, focusRow: (id: string) => void): void {
  useTakeFocus(grid, (element) => element.querySelector<HTMLElement>("[data-id][tabindex='0']"));
  useEffect(() => {
    if (focus !== null && document.activeElement === document.body) focusRow(focus);
  }, [focus, focusRow]);
}

interface BandPlace {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly grid: RefObject<HTMLElement | null>;
  readonly layout: Layout;
  readonly widthPx: number;
  readonly rows: RowWindow;
}

function useListPointer(
  props: FileListProps & { readonly focusRow: Parameters<typeof useListClicks>[0]["focusRow"] },
  place: BandPlace,
) {
  const band = useBandOf(props, place);
  const drag = useDragOf(props, place.scroller, place.rows);
  const clicks = useListClicks({
    ...props,
    beginDrag: drag.begin,
    beginBand: band.begin,
    wasDragged: () => drag.wasDragged() || band.wasDrawn(),
  });
  return { clicks, band: band.band };
}

function useBandOf({ selection, act, source }: FileListProps, { scroller, grid, layout, widthPx, rows }: BandPlace) {
  const before = useRef(selection);
  const pointAmongLines = ({ x, y }: Point) => {
    const box = grid.current?.getBoundingClientRect() ?? { left: 0, right: 0, top: 0 };
    const isMirrored = document.documentElement.dir === "rtl";
    return { x: isMirrored ? box.right - x : x - box.left, y: y - box.top - rows.place.scrollPx + rows.place.offsetPx };
  };
  return useBand({
    scroller,
    pointAmongLines,
    scrollBy: rows.scrollBy,
    begin: () => (before.current = selection),
    touch: (box, add) => {
      const ids = indicesIn(layout, box, widthPx).flatMap((index) => source.idAt(index) ?? []);
      act({ type: "band", ids, before: before.current, add });
    },
  });
}

function useDragOf(
  { selection, act, source, moving }: FileListProps,
  scroller: BandPlace["scroller"],
  rows: RowWindow,
) {
  return useDrag({
    scroller,
    scrollBy: rows.scrollBy,
    hold: (id) => act({ type: "toggle", id }),
    lift: (id) => {
      if (moving === undefined) return undefined;
      const isInside = isSelected(selection, id);
      if (!isInside) act({ type: "only", id });
      const lifted = isInside ? rowsOf(selection, source) : [source.row(id)].filter((row) => row !== undefined);
      return { ids: new Set(lifted.map((row) => row.id)), rows: lifted, from: moving.from };
    },
    drop: (target, copy, lifted) => {
      const latest = lifted.map((row) => source.row(row.id) ?? row);
      moving?.drop(target, copy, latest);
    },
    spring: (target) => moving?.spring(target),
  });
}

function Band({ box, shiftPx }: { readonly box: Box; readonly shiftPx: number }) {
  const place = {
    insetInlineStart: box.left,
    top: box.top + shiftPx,
    width: box.right - box.left,
    height: box.bottom - box.top,
  };
  return (
    <div
      aria-hidden
      style={place}
      className="pointer-events-none absolute z-10 border border-accent bg-selected opacity-50"
    />
  );
}
