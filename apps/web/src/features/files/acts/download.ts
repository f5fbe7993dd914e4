import { limits } from "@holdfast/core/limits";
import type { Drive } from "../../../data/drive.ts";
import { isFolder, type ListedRow } from "../rows/row-source.ts";

/** A single file is saved directly, anything else as zips of a limited number of items. */
export async function download(
  { client, viewer }: Pick<Drive, "client" | "viewer">,
  rows: readonly ListedRow[],
  folderName: string,
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  if (rows.length === 1 && !isFolder(first)) return viewer.save(client, { id: first.id, use: "download" });
  const name = rows.length === 1 ? first.name : folderName;
  const ids = rows.map(({ id }) => id);
  for (let start = 0; start < ids.length; start += limits.zippedNodesMax) {
    const part = ids.length > limits.zippedNodesMax ? ` (${start / limits.zippedNodesMax + 1})` : "";
    const some = ids.slice(start, start + limits.zippedNodesMax);
    await viewer.save(client, { ids: some, use: "zip", name: `${name}${part}.zip` });
  }
}
