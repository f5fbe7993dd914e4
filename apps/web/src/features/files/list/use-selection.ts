import { useEffect, useLayoutEffect, useReducer, useRef, useSyncExternalStore } from "react";
import type { RowSource } from "../rows/row-source.ts";
import { nothingSelected, select, type Selection, type SelectionAct } from "../rows/selection.ts";

/** Removed rows leave the selection, and loaded rows complete a Shift range. */
export function useSelection(source: RowSource): readonly [Selection, (act: SelectionAct) => void] {
  const [selection, act] = useReducer(select, nothingSelected);
  /** If the focused row is removed, the row at this index gets the focus. */
  const lastIndex = useRef(-1);
  const { gap, focus, anchor, ids } = selection;
  const snapshot = useSyncExternalStore(source.subscribe, source.snapshot);

  useEffect(() => {
    if (gap !== null) act({ type: "loaded", order: source });
  }, [gap, source, snapshot]);
  useLayoutEffect(() => {
    const index = focus === null ? -1 : source.indexOf(focus);
    if (index >= 0) lastIndex.current = index;
    const gone = new Set([...ids, focus, anchor].filter((id) => id !== null && source.isGone(id)));
    if (gone.size === 0) return;
    const next = source.idAt(Math.min(lastIndex.current, source.total - 1)) ?? null;
    act({ type: "gone", ids: gone as ReadonlySet<string>, next });
  }, [source, snapshot, ids, focus, anchor]);
  return [selection, act];
}
