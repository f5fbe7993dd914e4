import type { Messages } from "../../../messages/messages.ts";
import { isPicture } from "./file-kind.ts";
import { isFolder, type ListedRow, type RowSource } from "./row-source.ts";

interface Totals {
  readonly folders: number;
  readonly files: number;
  /** Without the content of the folders. */
  readonly sizeBytes: number;
  readonly arePhotos: boolean;
}

/**
 * @param _snapshot of the rows, on which the result depends
 * @returns undefined until all rows have loaded
 */
export function totalsOf(
  rows: Pick<RowSource, "total" | "rowAt" | "isWhole">,
  _snapshot?: unknown,
): Totals | undefined {
  if (!rows.isWhole) return undefined;
  let [folders, files, sizeBytes, arePhotos] = [0, 0, 0, true];
  for (let index = 0; index < rows.total; index++) {
    const row = rows.rowAt(index);
    if (row === undefined) continue;
    if (isFolder(row)) {
      folders += 1;
      continue;
    }
    files += 1;
    sizeBytes += row.sizeBytes;
    arePhotos &&= isPicture(row);
  }
  return { folders, files, sizeBytes, arePhotos };
}

/**
 * "3 folders, 12 files, 48 MB". The size follows the files, because the folders' is not known.
 * @returns empty for no rows
 */
export function totalsWords({ folders, files, sizeBytes, arePhotos }: Totals, { message, size }: Messages): string {
  return [
    ...(folders > 0 ? [message("preview.folders", { count: folders })] : []),
    ...(files > 0 ? [message(arePhotos ? "preview.photos" : "preview.files", { count: files }), size(sizeBytes)] : []),
  ].join(", ");
}

/** @returns undefined with a folder, whose size is unknown */
export function sizeOf(rows: readonly Pick<ListedRow, "kind" | "sizeBytes">[]): number | undefined {
  let sizeBytes = 0;
  for (const row of rows) {
    if (isFolder(row)) return undefined;
    sizeBytes += row.sizeBytes;
  }
  return sizeBytes;
}
