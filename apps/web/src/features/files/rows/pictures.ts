import type { Row } from "../../../data/row.ts";
import { fileKind } from "./file-kind.ts";
import type { ListedRow, RowSource } from "./row-source.ts";

/** Shown by every browser. */
export function isPicture(row: Pick<Row, "kind" | "name" | "thumb">): boolean {
  return row.thumb !== undefined && fileKind(row) === "image";
}

/**
 * Follows the list's order.
 * @param afterId undefined: the first picture
 * @returns "unloaded" if a row before the next loaded picture has not loaded; undefined if there is no picture
 */
export function nextPicture(
  rows: Pick<RowSource, "total" | "rowAt" | "indexOf">,
  afterId: string | undefined,
): ListedRow | "unloaded" | undefined {
  const here = afterId === undefined ? -1 : rows.indexOf(afterId);
  if (afterId !== undefined && here < 0) return undefined;
  for (let index = here + 1; index < rows.total; index++) {
    const row = rows.rowAt(index);
    if (row === undefined) return "unloaded";
    if (isPicture(row)) return row;
  }
  return undefined;
}
