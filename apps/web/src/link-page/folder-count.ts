import { isPicture } from "../features/files/rows/pictures.ts";
import { isFolder, type RowSource } from "../features/files/rows/row-source.ts";

interface FolderCount {
  readonly folders: number;
  readonly files: number;
  /** Without the content of the folders. */
  readonly sizeBytes: number;
  readonly arePhotos: boolean;
}

/** @returns undefined until all rows have loaded */
export function countRows(rows: Pick<RowSource, "total" | "rowAt" | "isWhole">): FolderCount | undefined {
  if (!rows.isWhole) return undefined;
  const all = Array.from({ length: rows.total }, (_, index) => rows.rowAt(index)).filter((row) => row !== undefined);
  const files = all.filter((row) => !isFolder(row));
  return {
    folders: all.length - files.length,
    files: files.length,
    sizeBytes: files.reduce((sum, row) => sum + row.sizeBytes, 0),
    arePhotos: files.every(isPicture),
  };
}
