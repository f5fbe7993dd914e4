import { isPicture } from "./file-kind.ts";
import type { ListedRow, RowSource } from "./row-source.ts";

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

/**
 * Returns a picture and loaded pictures around it in the list's order: as many before as behind it, or more on one side
 * if the other has fewer. Rows that have not loaded end a side. Empty if the file is no picture.
 */
export function picturesAround(
  rows: Pick<RowSource, "total" | "rowAt" | "indexOf">,
  id: string,
  countMax: number,
): readonly ListedRow[] {
  const here = rows.indexOf(id);
  const row = rows.rowAt(here);
  if (row === undefined || !isPicture(row)) return [];
  const side = (step: 1 | -1) => {
    const found: ListedRow[] = [];
    for (let index = here + step; found.length < countMax - 1; index += step) {
      const next = index >= 0 && index < rows.total ? rows.rowAt(index) : undefined;
      if (next === undefined) break;
      if (isPicture(next)) found.push(next);
    }
    return found;
  };
  const [before, behind] = [side(-1), side(1)];
  const half = Math.floor((countMax - 1) / 2);
  const beforeCount = Math.min(before.length, Math.max(half, countMax - 1 - behind.length));
  return [...before.slice(0, beforeCount).toReversed(), row, ...behind.slice(0, countMax - 1 - beforeCount)];
}
