import type { Drive } from "../../data/drive.ts";
import { isFolder, type ListedRow } from "./row-source.ts";

/** Saves one file as it is, anything else as one zip. */
export async function download(
  { client, viewer }: Pick<Drive, "client" | "viewer">,
  rows: readonly ListedRow[],
  folderName: string,
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  if (rows.length === 1 && !isFolder(first)) return viewer.save(client, { id: first.id, use: "download" });
  const name = `${rows.length === 1 ? first.name : folderName}.zip`;
  return viewer.save(client, { ids: rows.map(({ id }) => id), use: "zip", name });
}
