import type { ApiClient } from "@holdfast/api-client/api-client";
import { limits } from "@holdfast/core/limits";
import type { ListedRow } from "./row-source.ts";

/** More are not counted: it is a number that people read. */
export const withinCountMax = 1000;
/** The server looks through the whole trash for what went from one folder: of a large one only so much is asked for. */
const pagesMax = 10;

/**
 * How much of the trash goes for good with some of it, as it went there from inside of those folders, besides what is chosen itself.
 * @returns more than `withinCountMax` where there is more; undefined where it would take too long to know
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
