import { type RefObject, useEffect, useState } from "react";
import { watchUndone } from "../acts/act-runner.ts";
import type { FileListHandle } from "../list/file-list.tsx";
import type { RowSource } from "../rows/row-source.ts";
import type { SelectionAct } from "../rows/selection.ts";

interface UndoneHost {
  readonly source: RowSource;
  readonly act: (act: SelectionAct) => void;
  readonly handle: RefObject<FileListHandle | null>;
  readonly snapshot: unknown;
}

const lifetimeMs = 3000;

/** Selects the rows that an undo brought back, and moves the focus there. Some lists reload before they have them. */
export function useUndone({ source, act, handle, snapshot }: UndoneHost): void {
  const [undone, setUndone] = useState<{ readonly ids: readonly string[]; readonly atMs: number }>();
  useEffect(() => watchUndone((ids) => setUndone({ ids, atMs: performance.now() })), []);
  useEffect(() => {
    if (undone === undefined) return;
    const [first, ...rest] = undone.ids
      .filter((id) => source.indexOf(id) >= 0)
      .toSorted((left, right) => source.indexOf(left) - source.indexOf(right));
    const isLate = performance.now() - undone.atMs > lifetimeMs;
    if (first === undefined && !isLate) return;
    setUndone(undefined);
    // A person who types elsewhere meanwhile keeps the focus.
    const isBusy = document.activeElement?.closest("input:not([type=checkbox]), textarea, [role=dialog]") != null;
    if (first === undefined || isLate || isBusy) return;
    act({ type: "these", ids: [first, ...rest] });
    handle.current?.focus(first);
  }, [undone, source, snapshot, act, handle]);
}
