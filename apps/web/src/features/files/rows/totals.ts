import { isFolder, type ListedRow } from "./row-source.ts";

/** @returns undefined with a folder, whose size is unknown */
export function sizeOf(rows: readonly Pick<ListedRow, "kind" | "sizeBytes">[]): number | undefined {
  let sizeBytes = 0;
  for (const row of rows) {
    if (isFolder(row)) return undefined;
    sizeBytes += row.sizeBytes;
  }
  return sizeBytes;
}
