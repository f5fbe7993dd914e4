import { type MouseEvent, type PointerEvent, useMemo, useRef } from "react";
import type { RowSource } from "../rows/row-source.ts";
import { hasAny, type Selection, type SelectionAct } from "../rows/selection.ts";
import type { Point } from "./points.ts";

export interface ListClicksHost {
  readonly source: RowSource;
  readonly selection: Selection;
  readonly act: (act: SelectionAct) => void;
  readonly onOpen: (id: string) => void;
  readonly onMenu: (at: Point, byKey: boolean) => void;
  readonly focusRow: (id: string) => void;
  readonly beginDrag: ((event: globalThis.PointerEvent, id: string) => void) | undefined;
  readonly beginBand: (event: globalThis.PointerEvent) => void;
  /** The click ends a drag, a long press or a rectangle. */
  readonly wasDragged: () => boolean;
}

export interface ListClicks {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onMouseDown: (event: MouseEvent) => void;
  readonly onClick: (event: MouseEvent) => void;
  readonly onDoubleClick: (event: MouseEvent) => void;
  readonly onContextMenu: (event: MouseEvent) => void;
}

export function useListClicks(host: ListClicksHost): ListClicks {
  const latest = useRef(host);
  latest.current = host;
  return useMemo(() => makeClicks(() => latest.current), []);
}

function makeClicks(host: () => ListClicksHost): ListClicks {
  return {
    onPointerDown: (event) => {
      if (event.button !== 0 || isControl(event)) return;
      const id = rowIdAt(event);
      if (id !== undefined) host().beginDrag?.(event.nativeEvent, id);
      else if (event.pointerType === "mouse" && isGround(event)) host().beginBand(event.nativeEvent);
    },
    // Prevents text selection and focus on the name. An open text field loses the focus and so ends.
    onMouseDown: (event) => {
      if (isControl(event) || event.button === 1) return;
      if (rowIdAt(event) === undefined && !isGround(event)) return;
      event.preventDefault();
      if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
    },
    onClick: (event) => {
      if (isControl(event) || host().wasDragged()) return;
      const id = rowIdAt(event);
      if (id !== undefined) click(host(), id, event);
      else if (isGround(event)) host().act({ type: "none" });
    },
    onDoubleClick: (event) => {
      const id = rowIdAt(event);
      if (id !== undefined && !isControl(event) && !isByTouch(event)) host().onOpen(id);
    },
    onContextMenu: (event) => {
      if (event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      // A long press selects; the menu has a button.
      if (isByTouch(event)) return;
      const id = rowIdAt(event);
      const { selection, act, focusRow, onMenu } = host();
      const isInside = id !== undefined && selection.all !== selection.ids.has(id);
      if (id === undefined) act({ type: "none" });
      else if (!isInside) act({ type: "only", id });
      if (id !== undefined) focusRow(id);
      // The menu key and Shift+F10 report no pointer position.
      const isByKey = event.button !== 2;
      const box = event.target instanceof Element ? event.target.getBoundingClientRect() : undefined;
      onMenu(
        isByKey && box !== undefined ? { x: box.left + 48, y: box.bottom } : { x: event.clientX, y: event.clientY },
        isByKey,
      );
    },
  };
}

function click(host: ListClicksHost, id: string, event: MouseEvent): void {
  const { act, source, selection } = host;
  if (isByTouch(event)) {
    if (hasAny(selection)) act({ type: "toggle", id });
    else host.onOpen(id);
    return;
  }
  const isMore = event.ctrlKey || event.metaKey;
  if (event.shiftKey) act({ type: "extend", id, add: isMore, order: source });
  else act({ type: isMore ? "toggle" : "only", id });
  host.focusRow(id);
}

function isByTouch({ nativeEvent }: MouseEvent): boolean {
  return nativeEvent instanceof globalThis.PointerEvent && nativeEvent.pointerType === "touch";
}

function isControl({ target }: { readonly target: EventTarget }): boolean {
  return target instanceof Element && target.closest("[data-control]") !== null;
}

/** The scrollbar belongs to the scroller but lies beside its content. */
function isGround({
  target,
  nativeEvent,
}: {
  readonly target: EventTarget;
  readonly nativeEvent: { offsetX: number };
}): boolean {
  if (!(target instanceof HTMLElement) || target.closest("button, a, input, [data-head]") !== null) return false;
  return target.dataset["scroller"] === undefined || nativeEvent.offsetX < target.clientWidth;
}

function rowIdAt({ target }: { readonly target: EventTarget }): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>("[data-id]")?.dataset["id"] : undefined;
}
