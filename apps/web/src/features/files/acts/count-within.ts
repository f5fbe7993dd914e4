import type { ApiClient } from "@holdfast/api-client/api-client";
import { limits } from "@holdfast/core/limits";
import type { ListedRow } from "../rows/row-source.ts";

/** Larger counts are not exact, because people only read them. */
export const withinCountMax = 1000;
/** The server scans the whole trash for each folder. */
const pagesMax = 10;

/**
 * Counts items that were trashed from inside the chosen folders, which are deleted with them. Excludes the chosen
 * items.
 * @returns more than `withinCountMax` for more; undefined if counting takes too long
 */
export async function countWithin(
  client: Pick<ApiClient, "call">,
  rows: readonly ListedRow[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const chosen = new Set(rows.map(({ id }) => id));
  const within = new Set<string>();
  let pages = 0;
  for (const { id } of rows.filter(({ kind }) => kind === "folder")) {
    let cursor: string | undefined;
    do {
      if (within.size > withinCountMax) return within.size;
      if ((pages += 1) > pagesMax) return undefined;
      const query = { in: id, limit: limits.listItemsMax, cursor };
      const page = await client.call("listTrash", { query, signal });
      for (const item of page.items) if (!chosen.has(item.id)) within.add(item.id);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }
  return within.size;
}
