import type { ListedRow, RowSource } from "./row-source.ts";
import type { Selection } from "./selection.ts";

/** @param _snapshot of the source, on which the result depends */
export function rowsOf(selection: Selection, source: RowSource, _snapshot?: unknown): ListedRow[] {
  if (!selection.all) return [...selection.ids].flatMap((id) => source.row(id) ?? []);
  const rows: ListedRow[] = [];
  for (let index = 0; index < source.total; index++) {
    const row = source.rowAt(index);
    if (row !== undefined && !selection.ids.has(row.id)) rows.push(row);
  }
  return rows;
}

/**
 * Actions must not affect rows that a filter hides. They are selected again afterwards.
 * @param _snapshot of the rows, on which the result depends
 */
export function shownSelection(
  selection: Selection,
  shown: Pick<RowSource, "indexOf">,
  _snapshot?: unknown,
): Selection {
  const ids = selection.all ? [] : [...selection.ids].filter((id) => shown.indexOf(id) >= 0);
  return ids.length === selection.ids.size && !selection.all
    ? selection
    : { ...selection, all: false, ids: new Set(ids) };
}

/** Waits for rows that have not loaded. */
export async function loadedSelection(selection: Selection, source: RowSource): Promise<ListedRow[]> {
  while (selection.all && !source.isWhole) {
    source.need(0, source.total);
    await nextChange(source);
    if (typeof source.state === "object") throw source.state.error;
  }
  return rowsOf(selection, source);
}

function nextChange(source: RowSource): Promise<void> {
  return new Promise((resolve) => {
    const stop = source.subscribe(() => {
      stop();
      resolve();
    });
  });
}
