import { type RefObject, useLayoutEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { FileListHandle } from "./file-list.tsx";
import type { RowSource } from "../rows/row-source.ts";
import { shownSelection } from "../rows/selected-rows.ts";
import type { Selection, SelectionAct } from "../rows/selection.ts";

interface FilterHost {
  readonly source: RowSource;
  readonly selection: Selection;
  readonly act: (act: SelectionAct) => void;
  readonly handle: RefObject<FileListHandle | null>;
}

/** Name filter with its effect on the selection. Ends with the place. */
export function useFilter({ source, selection, act, handle }: FilterHost) {
  const [isOpen, setOpen] = useState(false);
  const [narrowed, setNarrowed] = useState<RowSource>();
  const shown = narrowed ?? source;
  // "All" would include hidden rows, and the matches change during typing.
  const hidesSome = narrowed !== undefined && selection.all;
  useLayoutEffect(() => {
    if (hidesSome) act({ type: "none" });
  }, [hidesSome, act]);
  const snapshot = useSyncExternalStore(shown.subscribe, shown.snapshot);
  const visible = useMemo(
    () => (narrowed === undefined ? selection : shownSelection(selection, narrowed, snapshot)),
    [selection, narrowed, snapshot],
  );
  const focusIn = (rows: RowSource) => {
    const { focus } = selection;
    const id = focus !== null && rows.indexOf(focus) >= 0 ? focus : rows.idAt(0);
    if (id === undefined) return;
    act({ type: "focus", id });
    handle.current?.focus(id);
  };
  return {
    isOpen,
    shown,
    /** Visible rows only. */
    selection: visible,
    begin: () => setOpen(true),
    narrow: setNarrowed,
    goOn: () => focusIn(shown),
    end: () => {
      setOpen(false);
      setNarrowed(undefined);
      focusIn(source);
    },
    /** "All" selects visible rows only. */
    act: (next: SelectionAct) => {
      if (narrowed === undefined || next.type !== "all") return act(next);
      const ids = Array.from({ length: narrowed.total }, (_, index) => narrowed.idAt(index) ?? "");
      act({ type: "band", ids, before: selection, add: false });
    },
  };
}
