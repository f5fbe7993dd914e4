import type { ListedRow, RowSource } from "../rows/row-source.ts";

export interface FileInList {
  readonly row: ListedRow;
  readonly previousId: string | undefined;
  readonly nextId: string | undefined;
  /** Position among the files, from 1. Undefined if rows before have not loaded. */
  readonly at: number | undefined;
  readonly count: number;
  /** More rows have not loaded. */
  readonly hasMore: boolean;
}

/** Follows the list's order. A row that has not loaded ends the way to the next file. */
export function fileIn(rows: RowSource, id: string): FileInList | undefined {
  const [row, here] = [rows.row(id), rows.indexOf(id)];
  if (row?.kind !== "file" || here < 0) return undefined;
  let count = 0;
  let at: number | undefined;
  let isSure = true;
  let previousId: string | undefined;
  let nextId: string | null | undefined;
  for (let index = 0; index < rows.total; index++) {
    const each = rows.rowAt(index);
    if (each === undefined && index < here) [previousId, isSure] = [undefined, false];
    if (each === undefined && index > here) nextId ??= null;
    if (each?.kind !== "file") continue;
    count += 1;
    if (index < here) previousId = each.id;
    if (index === here && isSure) at = count;
    // `null` stays: the next file is unknown.
    if (index > here && nextId === undefined) nextId = each.id;
  }
  return { row, previousId, nextId: nextId ?? undefined, at, count, hasMore: !rows.isWhole };
}
